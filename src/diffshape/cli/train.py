"""``diffshape train MODEL``: one module a model, each with arguments of its own like a verb."""

from dataclasses import dataclass
from typing import Literal

import tyro

from diffshape.cli import train_landmarks

MODELS = {"landmarks": (train_landmarks, train_landmarks.TrainLandmarks)}


@dataclass(frozen=True)
class Train:
    """Train a network; `diffshape train MODEL --help` tells more."""

    model: tyro.conf.Positional[Literal["landmarks"]]
    """landmarks: finds the corners of vertebrae in radiographs."""
