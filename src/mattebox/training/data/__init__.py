"""Training data: readers, in-memory pools, augmentation, synthetic degradation."""
