"""Depth of photographs: estimates of it, and the blur of a lens that follows it."""
