"""What all training tasks share: trainer, settings, checkpoints, distributed training, log, command line."""
