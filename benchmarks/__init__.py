"""Benchmarks: run by hand, never as timed tests. Each prints a table and the conditions it was measured under."""
