"""Matting: from a picture to a matte (segment, correct, refine, key) and the subject's own colours.

Pure functions: pictures, mattes, sessions and parameters in, the same out.
"""
