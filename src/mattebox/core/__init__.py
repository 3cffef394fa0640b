"""Shared ground: CPU threads, allocator tuning, timing, connected components."""
