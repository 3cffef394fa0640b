"""Batch processing: planning, running, reports, and pages to look at the results."""
