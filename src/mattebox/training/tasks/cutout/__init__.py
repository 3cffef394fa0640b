"""Training of the cutout (salient-object matting) network, its calibration, subject head and soft labels."""
