"""Durable jobs: a task on disk before it is promised, done once, its result kept for an hour, then gone.

`desk.Jobs` is the whole interface. Knows nothing of HTTP, nor of what a task means.
"""
