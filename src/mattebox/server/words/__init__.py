"""Requests in words, which a process of its own reads: the vocabularies take memory, and Python's lock."""
