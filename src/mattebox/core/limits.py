"""Limits on what is read and what may be produced."""

MAX_INPUT_PIXELS = 100_000_000  # width x height x frames of a photograph, unless the user allows more
MAX_OUTPUT_PIXELS = 400_000_000
MAX_UPSCALING_FACTOR = 16
