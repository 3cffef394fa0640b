"""Training of the network for the frames of a clip between key frames: a picture and the matte of a frame before."""
