"""Network architectures in plain torch: cutouts, edge refinement, restoration, style transfer, feature extraction."""
