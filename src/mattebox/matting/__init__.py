"""The matte rooms: segment, refine, foreground, confidence. Pure: pictures, mattes and parameters in, the same out."""
