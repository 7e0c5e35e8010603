"""``diffshape train MODEL``: one module a model, each with arguments of its own like a verb."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import tyro

from diffshape.cli import train_deep_sdf, train_landmarks
from diffshape.cli.train_options import TrainOptions

MODELS = {
    "deep-sdf": (train_deep_sdf, train_deep_sdf.TrainDeepSDF),
    "landmarks": (train_landmarks, train_landmarks.TrainLandmarks),
}


@dataclass(frozen=True)
class Train:
    """Train a network; `diffshape train MODEL --help` tells more."""

    model: tyro.conf.Positional[Literal["deep-sdf", "landmarks"]]
    """deep-sdf: one network for a family of shapes, which completes and blends them.
    landmarks: finds the corners of vertebrae in radiographs."""


def defaults_for(model: str, words: Sequence[str]) -> TrainOptions:
    """The arguments of a model before the flags are read."""
    return train_deep_sdf.defaults_for(words) if model == "deep-sdf" else MODELS[model][1]()
