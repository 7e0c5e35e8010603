"""The one training loop: schedule, checkpoint, resume, log, progress."""

from diffshape.training.checkpoint import Checkpoint, CheckpointFolder, read_checkpoint, write_tensors
from diffshape.training.log import CsvLog, read_log
from diffshape.training.loop import Outcome, StepReport, train
from diffshape.training.progress import Progress
from diffshape.training.schedule import Budget, Constant, Exponential, Schedule, Seconds, Steps, WarmupCosine
from diffshape.training.task import Task
from diffshape.training.update import Adam, TrainingError

__all__ = [
    "Adam",
    "Budget",
    "Checkpoint",
    "CheckpointFolder",
    "Constant",
    "CsvLog",
    "Exponential",
    "Outcome",
    "Progress",
    "Schedule",
    "Seconds",
    "StepReport",
    "Steps",
    "Task",
    "TrainingError",
    "WarmupCosine",
    "read_checkpoint",
    "read_log",
    "train",
    "write_tensors",
]


def __dir__() -> list[str]:
    return __all__
