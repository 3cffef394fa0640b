"""Training of the cutout (salient-object matting) network."""
