"""Recipes: steps and their parameters, flat names, files, deprecated names, presets."""
