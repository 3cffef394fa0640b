"""Training data: readers, in-memory pools, augmentation, degradation."""
