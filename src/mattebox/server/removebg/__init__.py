"""Compatibility with remove.bg's API, version 1.0: its fields as a recipe, its errors and its headers.

Written from the public description of the API.
"""
