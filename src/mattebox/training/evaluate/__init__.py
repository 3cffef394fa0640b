"""Evaluation of networks: scores by slice, reliability of the confidence, image quality, HTML reports."""
