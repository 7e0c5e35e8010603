"""The one training loop: schedule, checkpoint, resume, log, progress."""
