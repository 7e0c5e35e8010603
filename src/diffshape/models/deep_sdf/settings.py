"""Everything that the training of a DeepSDF depends on: plain frozen dataclasses without torch, as YAML keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._bounds import check_budget, check_whole
from diffshape._typed import check_settings
from diffshape.data.synthetic.families import FamilyName
from diffshape.data.up import UP, Up
from diffshape.models.deep_sdf.config import STEPS, DeepSDFConfig
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class DrawnShapes:
    """Shapes of a procedural family, as ``data.shape_family`` draws them."""

    family: FamilyName = "rounded_box"
    shapes: int = 16
    test_shapes: int = 4

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("shapes", "test_shapes"):
            check_whole(f"DrawnShapes: {name}", getattr(self, name), 1)


@dataclass(frozen=True, kw_only=True)
class ShapeFolder:
    """A folder of closed meshes, placed and turned alike; see ``data.read_mesh_folder``."""

    folder: str
    holdout: float = 0.2

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

    data: DrawnShapes | ShapeFolder = field(default_factory=DrawnShapes)
    config: DeepSDFConfig = field(default_factory=DeepSDFConfig)
    steps: int | None = STEPS
    seconds: float | None = None
    seed: int = 0
    up: Up = UP
    """The axis that points up in pictures."""

    def __post_init__(self) -> None:
        check_settings(self)
        if (self.steps is None) == (self.seconds is None):
            raise ValueError(
                f"DeepSDFSettings: one of steps and seconds must be given, got {self.steps} and {self.seconds}"
            )
        check_budget("DeepSDFSettings", steps=self.steps, seconds=self.seconds, seed=self.seed)
