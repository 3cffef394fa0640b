"""Shared helpers: CPU threads, malloc tuning, timing, connected components, conversion of arrays and Pillow images."""
