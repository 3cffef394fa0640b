"""Metrics of mattes against ground truth.

`segmentation` (binary regions), `boundary` (outlines), `structure` (weighted F, S- and E-measure), `matting` (soft
alpha) and `average_precision` (instances); `binary_masks` and `separable_filter` hold what they share.
"""
