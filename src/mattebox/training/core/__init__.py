"""What every training task shares: trainer, schedule, checkpoints, distributed training, run log."""
