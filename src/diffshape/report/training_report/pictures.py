"""Pictures in the run folder of a training, with captions."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

CAPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "overlay.png": "Test images with the true landmarks in green, those that were found in orange, and ellipses of "
        "two predicted deviations in blue.",
        "answers.png": "Test images, the true shapes, and several answers to each.",
        "shapes.png": "Test shapes: points of the true ones, and the surfaces that were decoded.",
        "reconstructions.png": "Test shapes, and what was decoded from their codes.",
        "samples.png": "New shapes that the model draws.",
        "strip.png": "From one training shape to another, in equal steps of their codes.",
        "interpolation.png": "From one shape to another, in equal steps of their codes.",
        "completion.png": "A test shape, the points that were given of it, and the shape found from them.",
        "completions.png": "Test shapes: the points that one camera sees, the whole made of them, and the truth.",
        "samples/*/shapes.png": "Drawn by diffshape sample.",
        "interpolations/*/shapes.png": "Made by diffshape interpolate.",
        "completed_*.png": "Made by diffshape complete: the points that were given, and the whole.",
    }
)
"""Captions of the pictures, by the patterns of their names, in the order in which they are shown."""


class RunPicture(NamedTuple):
    """A picture of a run."""

    file: Path
    """Path of the picture."""
    caption: str
    """What it shows."""


def pictures_of(folder: Path) -> list[RunPicture]:
    """The pictures that are in the run folder of a training."""
    return [RunPicture(path, caption) for pattern, caption in CAPTIONS.items() for path in sorted(folder.glob(pattern))]
