"""Marketplaces: their rules as data, what a picture measures, and the verdict."""
