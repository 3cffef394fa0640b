"""Shared helpers without I/O: CPU threads, malloc, timing, caches, components, lengths, arrays and Pillow images."""
