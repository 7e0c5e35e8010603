"""The one training loop: schedule, checkpoint, resume, log, progress."""

from diffshape._tensor_files import write_tensors
from diffshape.training.checkpoint import Checkpoint, CheckpointFolder, read_checkpoint
from diffshape.training.folder_lock import FolderInUseError, only_here
from diffshape.training.log import CsvLog, read_log
from diffshape.training.loop import Outcome, StepReport, train
from diffshape.training.progress import Progress
from diffshape.training.randomness import own_randomness
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
    "FolderInUseError",
    "Outcome",
    "Progress",
    "Schedule",
    "Seconds",
    "StepReport",
    "Steps",
    "Task",
    "TrainingError",
    "WarmupCosine",
    "only_here",
    "own_randomness",
    "read_checkpoint",
    "read_log",
    "train",
    "write_tensors",
]


def __dir__() -> list[str]:
    return __all__
