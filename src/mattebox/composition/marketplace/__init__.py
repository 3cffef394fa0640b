"""Marketplaces: their rules for pictures as data, measurements of a picture, and its compliance."""
