"""Durable jobs: a task is stored before it is accepted, run once, and its result kept for a while.

`manager.JobManager` is the interface to all of it.
"""
