"""Recipes: the steps and their parameters, declared once; their flat names; packaged presets."""
