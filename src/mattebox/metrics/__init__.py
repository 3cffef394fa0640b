"""Measures of mattes against known ones.

`segmentation` (hard regions), `boundary` (outlines), `structure` (weighted F, S, E), `matting` (soft alpha) and
`instances` (several subjects); `planes` holds what they share.
"""
