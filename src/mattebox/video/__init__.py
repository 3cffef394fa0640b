"""Video: clips in, cut-out clips out, with their sound and timing; needs the extra `video` (PyAV)."""
