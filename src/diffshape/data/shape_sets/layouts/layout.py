"""Parts of a layout of files: what it finds in a folder, and how one of its shapes is read."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from diffshape.data.arrays import ReadError


class Wanted(NamedTuple):
    """Sizes of the parts of each shape; None leaves a part out, but for voxels."""

    points: int | None
    """Points on the surface."""
    volume_points: int | None
    """Points in the cube of side 1.1."""
    near_points: int | None
    """Points near the surface."""
    resolution: int | None
    """Voxels along a side; None: as many as the file has, none of a mesh."""
    views: int | None
    """Images."""
    image_size: int | None
    """Pixels along each side of an image; None: as many as the file has."""


class OneShape(NamedTuple):
    """A shape as it was read."""

    parts: dict[str, Tensor]
    """Tensors by the names that they have in a ``ShapeSet``, without its first dimension."""
    notes: tuple[str, ...] = ()
    """Changes and doubts, a sentence each."""


Reader = Callable[[Wanted, torch.Generator], OneShape]
"""Function that reads one shape; the generator chooses its points."""


class Found(NamedTuple):
    """Shapes that a folder holds."""

    readers: Mapping[str, Reader]
    """Reader of each shape by its name."""
    notes: tuple[str, ...] = ()
    """Omissions, a sentence each."""


class Layout(NamedTuple):
    """One layout of files."""

    name: str
    """Name, as an argument takes it."""
    holds: str
    """Files that make the layout, for messages."""
    select: Callable[[Sequence[Path]], list[Path]]
    """Files of the layout among all of a folder."""
    recognises: Callable[[list[Path]], bool]
    """Whether those, one or more, are of this layout rather than of another with files of these names."""
    find: Callable[[Path, list[Path]], Found]
    """Shapes in a folder, in these of its files."""


def name_in(base: Path, path: Path) -> str:
    """Name of a shape: the path of its file or folder in the folder that was given, without a suffix."""
    inside = path.relative_to(base)
    return inside.as_posix() if path.is_dir() else inside.with_suffix("").as_posix()


def resized(images: Tensor, size: int | None) -> Tensor:
    """Images (V, H, W) with ``size`` pixels along each side, means of what they cover; as they are for None.

    >>> resized(torch.tensor([[[0.0, 1.0], [0.0, 0.0]]]), 1)
    tensor([[[0.2500]]])
    """
    return images if size is None else torch.nn.functional.adaptive_avg_pool2d(images, size)


def drawn_rows(held: int, count: int, generator: torch.Generator, *, what: str) -> Tensor:
    """``count`` of ``held`` rows, drawn without replacement, in their order.

    Raises:
        ReadError: There are fewer; the caller adds the name of the file.

    >>> drawn_rows(3, 3, torch.Generator(), what="points")
    tensor([0, 1, 2])
    """
    if held < count:
        raise ReadError(f"{held} {what} are fewer than the {count} that are asked for; ask for {held}")
    return torch.randperm(held, generator=generator)[:count].sort().values
