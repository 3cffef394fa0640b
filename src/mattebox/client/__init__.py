"""A client for the mattebox server."""
