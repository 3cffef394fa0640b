"""Healing: what is marked in a photograph gives way to what may have been behind it, made of its surroundings."""
