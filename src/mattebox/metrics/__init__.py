"""Measures of mattes against known ones: `segmentation` (hard regions) and `matting` (soft alpha)."""
