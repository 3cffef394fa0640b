"""Training of the edge refinement network: synthetic mattes, scenes, pixels, shapes."""
