"""Faces and number plates made unrecognisable: their shapes, and what is drawn in them. Pure functions on pictures."""
