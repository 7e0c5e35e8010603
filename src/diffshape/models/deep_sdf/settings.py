"""Everything that the training of a DeepSDF depends on: plain frozen dataclasses without torch, as YAML keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from diffshape._bounds import check_whole
from diffshape._typed import check_settings
from diffshape.data.synthetic.assembled.families import DrawnFamilyName
from diffshape.data.synthetic.families import FamilyName
from diffshape.data.up import UP, Up
from diffshape.models.deep_sdf.config import STEPS, DeepSDFConfig
from diffshape.training.run_settings import RunSettings

DeepSDFFamilyName = Literal[FamilyName, DrawnFamilyName]


@dataclass(frozen=True, kw_only=True)
class DrawnShapes:
    """Shapes of a family, as ``data.draw_meshes`` or ``data.shape_family`` draws them."""

    family: DeepSDFFamilyName = "rounded_box"
    """Kind of shape."""
    shapes: int = 16
    """Number of shapes to learn from."""
    test_shapes: int = 4
    """Number of other shapes to be tested on."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("shapes", "test_shapes"):
            check_whole(f"DrawnShapes: {name}", getattr(self, name), 1)


@dataclass(frozen=True, kw_only=True)
class ShapeFolder:
    """A folder of closed meshes, placed and turned alike; see ``data.read_mesh_folder``."""

    folder: str
    """Path of the folder."""
    holdout: float = 0.2
    """Share of the meshes held out for the test, between 0 and 1."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 < self.holdout < 1:
            raise ValueError(f"ShapeFolder: holdout must be a share between 0 and 1, got {self.holdout}")


@dataclass(frozen=True, kw_only=True)
class DeepSDFSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train deep-sdf"
    TITLE: ClassVar[str] = "DeepSDF training"
    KINDS: ClassVar[Mapping[str, type]] = {"drawn": DrawnShapes, "folder": ShapeFolder}

    data: DrawnShapes | ShapeFolder | None = field(default_factory=DrawnShapes)
    """Shapes to learn from and to be tested on; None for shapes that were given in Python and are in no file."""
    config: DeepSDFConfig = field(default_factory=DeepSDFConfig)
    """Network, loss and sampling."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of shapes, points, weights, batches and dropout."""
    up: Up = UP
    """Axis that points up in pictures."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()
