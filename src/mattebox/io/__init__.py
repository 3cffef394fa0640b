"""Image input and output: sources, decoding, colour management, metadata, resampling, encoding, atomic writes.

Photographs are read by `reader.read` and written by `writer.write`. Image libraries are imported in this package only,
and only when first used.
"""
