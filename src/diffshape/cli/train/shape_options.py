"""Options of every ``diffshape train`` that learns a family of shapes: which to draw, or where to read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.parsing.options import OptionalInt, OptionalPath
from diffshape.cli.train.options import TrainOptions, check_options, refuse_unused
from diffshape.data.shape_sets.layout_name import LayoutName
from diffshape.data.synthetic.assembled.families import DrawnFamilyName
from diffshape.models.shape_sources import DrawnFamily, ShapeFiles, ShapeSource

if TYPE_CHECKING:
    from diffshape.data import ShapeSet

_DRAWN = ("family", "shapes", "test_shapes")
_READ = ("cache", "holdout", "image_size", "layout", "points", "resolution")


@dataclass(frozen=True, kw_only=True)
class ShapeOptions(TrainOptions):
    """Options of the shapes beside those of every training."""

    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")] = None
    """Shapes in files: meshes, clouds, voxels or a published data set. Default: draw a family."""
    family: DrawnFamilyName = "chair"
    """Family of shapes to draw."""
    shapes: int = 200
    """Number of drawn shapes to learn from."""
    test_shapes: int = 40
    """Number of drawn shapes to be tested on."""
    layout: LayoutName = "auto"
    """Layout of the files in FOLDER; auto recognises it."""
    holdout: float = 0.2
    """Share of the shapes in FOLDER held out for the test."""
    points: OptionalInt = None
    """Points read of each shape in FOLDER, of each kind that the model reads; as many as of drawn shapes if not
    given."""
    resolution: OptionalInt = None
    """Voxels along each side, of a FOLDER of shapes and a model that reads voxels; as many as of drawn shapes if not
    given."""
    image_size: OptionalInt = None
    """Pixels along each side to which the images in FOLDER are brought; as they are if not given."""
    cache: OptionalPath = None
    """Folder in which the shapes of FOLDER are kept as they were read, so that the next training begins sooner."""


def shape_source(arguments: ShapeOptions) -> ShapeSource | None:
    """Where the options say that the shapes are, checked before anything heavy is imported; None beside --resume.

    Raises:
        UsageError: There is no such folder or file, a number is out of range, or an option has no effect.
    """
    check_options(arguments)
    if arguments.resume is not None:
        return None
    folder = arguments.folder
    if folder is None:
        refuse_unused(arguments.typed, dict.fromkeys(_READ, "no FOLDER of shapes is given"))
        with usage_errors():
            return DrawnFamily(family=arguments.family, shapes=arguments.shapes, test_shapes=arguments.test_shapes)
    refuse_unused(arguments.typed, dict.fromkeys(_DRAWN, "a FOLDER of shapes is given"))
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder of shapes")
    with usage_errors():
        return ShapeFiles(
            folder=str(folder.resolve()),
            layout=arguments.layout,
            holdout=arguments.holdout,
            points=arguments.points,
            resolution=arguments.resolution,
            image_size=arguments.image_size,
            cache=str(arguments.cache.resolve()) if arguments.cache else None,
        )


def source_name(source: ShapeSource) -> str:
    """The name that a run folder has by default: that of the family, or of the folder."""
    return source.family if isinstance(source, DrawnFamily) else Path(source.folder).stem


def shape_counts(learn: "ShapeSet", test: "ShapeSet") -> str:
    """How many shapes there are to learn from, and to be tested on."""
    return f"{len(learn)} shapes to learn from, {len(test)} to be tested on"
