"""The workshop: where the embedded networks are trained and judged.

It uses the house (`mattebox`) and plain torch; the house never imports it.
"""
