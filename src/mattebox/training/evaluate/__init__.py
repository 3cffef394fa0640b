"""Evaluation: metrics of trained networks by slice, calibration of confidence, HTML reports."""
