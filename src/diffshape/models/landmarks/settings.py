"""Everything that a landmark training depends on: plain frozen dataclasses without torch, as a YAML file keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._bounds import check_whole
from diffshape._typed import check_settings
from diffshape.data.landmarks.phantom_config import SpinePhantomConfig
from diffshape.models.landmarks.config import (
    NETWORK_KINDS,
    LandmarkObjective,
    LandmarkTraining,
    LandmarkUNetConfig,
    NetworkConfig,
    check_size,
)
from diffshape.training.run_settings import RunSettings

STEPS = 600
"""Default number of training steps."""


@dataclass(frozen=True, kw_only=True)
class PhantomData:
    """Drawn radiographs of the lumbar spine, some to learn from and others to be tested on."""

    phantom: SpinePhantomConfig = field(default_factory=SpinePhantomConfig)
    """Spine, view, and what disturbs the image."""
    images: int = 512
    """Number of images to learn from."""
    test_images: int = 100
    """Number of other images to be tested on."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("images", "test_images"):
            check_whole(f"PhantomData: {name}", getattr(self, name), 1)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the images."""
        return self.phantom.height, self.phantom.width


@dataclass(frozen=True, kw_only=True)
class FolderData:
    """A folder of images, each beside a CSV file of its points; see ``data.read_landmark_folder``."""

    folder: str
    """Path of the folder."""
    size: tuple[int, int] = (256, 256)
    """Height and width in pixels that images are scaled to fit into."""
    spacing: float | None = None
    """Millimetres a pixel of the files, so that errors are in mm; None for errors in pixels."""
    holdout: float = 0.2
    """Share of the images held out for the test, between 0 and 1."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 < self.holdout < 1:
            raise ValueError(f"FolderData: holdout must be a share between 0 and 1, got {self.holdout}")


@dataclass(frozen=True, kw_only=True)
class LandmarkSettings(RunSettings):
    """One landmark training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train landmarks"
    TITLE: ClassVar[str] = "landmark training"
    KINDS: ClassVar[Mapping[str, type]] = {"phantoms": PhantomData, "folder": FolderData, **NETWORK_KINDS}

    data: PhantomData | FolderData | None = field(default_factory=PhantomData)
    """Images to learn from and to be tested on; None for images that were given in Python and are in no file."""
    network: NetworkConfig = field(default_factory=LandmarkUNetConfig)
    """Network; its class says which."""
    objective: LandmarkObjective = field(default_factory=LandmarkObjective)
    """Losses, and how landmarks are read from heat-maps."""
    training: LandmarkTraining = field(default_factory=LandmarkTraining)
    """Batches, learning rate and changes of the training images."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of images, weights, batches and changes of the images."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()
        if self.data is not None:
            check_size("LandmarkSettings", self.data.size, self.network)
