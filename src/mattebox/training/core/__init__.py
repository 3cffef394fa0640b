"""What all training tasks share: the trainer, settings, checkpoints, distributed training, the run's log, the command."""
