"""Timings and comparisons, run by hand and never as tests; each prints its figures and how they were measured."""
