"""Composition: the cutout framed on a canvas, with outline, shadow and background."""
