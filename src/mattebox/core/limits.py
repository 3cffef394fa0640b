"""Limits on what may be produced."""

MAX_OUTPUT_PIXELS = 400_000_000
