"""Where a training gets its shapes: settings that need no torch, as YAML keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from diffshape._bounds import check_whole
from diffshape._typed import check_settings
from diffshape.data.shape_sets.layout_name import LayoutName
from diffshape.data.synthetic.assembled.families import DrawnFamilyName


@dataclass(frozen=True, kw_only=True)
class DrawnFamily:
    """Shapes of a family, as ``data.draw_shapes`` draws them."""

    family: DrawnFamilyName = "chair"
    """Kind of shape."""
    shapes: int = 200
    """Number of shapes to learn from."""
    test_shapes: int = 40
    """Number of other shapes to be tested on."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("shapes", "test_shapes"):
            check_whole(f"DrawnFamily: {name}", getattr(self, name), 1)


@dataclass(frozen=True, kw_only=True)
class ShapeFiles:
    """Shapes in files, as ``data.read_shapes`` reads them."""

    folder: str
    """Path of the folder or file."""
    layout: LayoutName = "auto"
    """Layout of the files; "auto" recognises it."""
    holdout: float = 0.2
    """Share of the shapes held out for the test, between 0 and 1."""
    points: int | None = None
    """Points that are read of each shape, of each kind that the model reads, on the surface, near it and in the volume;
    None for as many as of drawn shapes."""
    resolution: int | None = None
    """Voxels along each side, where the model reads voxels; None for as many as of drawn shapes."""
    image_size: int | None = None
    """Pixels along each side to which images are brought; None for images as they are."""
    cache: str | None = None
    """Path of a folder in which the shapes are kept as they were read, and found again while the files are the same;
    None for none."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 < self.holdout < 1:
            raise ValueError(f"ShapeFiles: holdout must be a share between 0 and 1, got {self.holdout}")
        for name in ("points", "resolution", "image_size"):
            if getattr(self, name) is not None:
                check_whole(f"ShapeFiles: {name}", getattr(self, name), 1)


ShapeSource = DrawnFamily | ShapeFiles
SHAPE_SOURCES: Mapping[str, type] = MappingProxyType({"drawn": DrawnFamily, "files": ShapeFiles})
"""Sources by the names that a config.yaml has for them."""
