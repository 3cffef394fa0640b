"""Provenance: Content Credentials (C2PA), IPTC source types, and an invisible watermark.

Pure on encoded bytes and pixels: keys, certificates and the time are passed in, and nothing opens a file or a socket,
unless the identity names a time-stamp server.
"""
