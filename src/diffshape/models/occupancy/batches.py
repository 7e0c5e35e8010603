"""What an Occupancy Network reads in a step, drawn from a set of shapes: inputs of the encoder, and points in space."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.data import ShapeSet
from diffshape.models.occupancy.config import OccupancyConfig

_PARTS = {"points": ("points",), "voxels": ("voxels",), "images": ("images",), "occupancies": ()}
"""Parts of a set of shapes that each encoder reads besides points in space."""


class SpacePoints(NamedTuple):
    """Points in space (B, P, 3), and whether they are inside (B, P)."""

    points: Float[Tensor, "b p 3"]
    occupied: Bool[Tensor, "b p"]

    def known(self) -> Float[Tensor, "b p 4"]:
        """Points beside their occupancy, as the encoder of occupancies reads them."""
        return torch.cat([self.points, self.occupied[..., None].to(self.points)], dim=-1)


class ShapeBatches:
    """Random draws from a set of shapes, all by one generator.

    Raises:
        ValueError: The shapes have no volume points, no near points where the config asks for a share of them, or not
            what the encoder reads.
    """

    def __init__(self, shapes: ShapeSet, config: OccupancyConfig) -> None:
        near = ("near_points", "near_occupancies") if config.near else ()
        needed = ("volume_points", "occupancies", *near, *_PARTS[config.input])
        parts = shapes.require(*needed, by="train_occupancy")
        self.parts = {name: part.float() if part.is_floating_point() else part for name, part in zip(needed, parts)}
        self.config = config
        self.near = round(config.near * config.points)

    def space(self, shapes: Int[Tensor, "b"], generator: torch.Generator) -> SpacePoints:
        """``config.points`` points of each shape, a share of them near its surface, with repetition."""
        volume = self._rows(("volume_points", "occupancies"), shapes, self.config.points - self.near, generator)
        if not self.near:
            return SpacePoints(*volume)
        close = self._rows(("near_points", "near_occupancies"), shapes, self.near, generator)
        return SpacePoints(*(torch.cat(pair, dim=1) for pair in zip(volume, close)))

    def inputs(self, shapes: Int[Tensor, "b"], space: SpacePoints, generator: torch.Generator) -> Tensor:
        """What the encoder reads of each shape: surface points with noise, voxels, one view, or the points in space."""
        config = self.config
        if config.input == "points":
            (clouds,) = self._rows(("points",), shapes, config.inputs, generator)
            return clouds + config.noise * torch.randn(clouds.shape, generator=generator).to(clouds)
        if config.input == "voxels":
            return self.parts["voxels"][shapes].float()
        if config.input == "images":
            images = self.parts["images"]
            views = torch.randint(images.shape[1], (len(shapes),), generator=generator)
            return images[shapes, views.to(shapes.device)]
        return space.known()

    def _rows(
        self, names: tuple[str, ...], shapes: Int[Tensor, "b"], count: int, generator: torch.Generator
    ) -> list[Tensor]:
        """The same random rows of parts, (B, count, ...)."""
        rows = torch.randint(self.parts[names[0]].shape[1], (len(shapes), count), generator=generator)
        return [self.parts[name][shapes[:, None], rows.to(shapes.device)] for name in names]


def inputs_of(shapes: ShapeSet, config: OccupancyConfig, *, by: str) -> Tensor:
    """What the encoder reads of each shape of a set, without anything random.

    As many surface points as in training, evenly from the list; voxels; the first view; or points in space, as many as
    in training and as large a share of them near the surface.
    """
    if config.input != "occupancies":
        (part,) = shapes.require(*_PARTS[config.input], by=by)
        if config.input == "points":
            return thinned(part, config.inputs)
        return part.float() if config.input == "voxels" else part[:, 0]
    near = round(config.near * config.points)
    volume = SpacePoints(*shapes.require("volume_points", "occupancies", by=by))
    parts = [_thinned_space(volume, config.points - near)]
    if near:
        parts.append(_thinned_space(SpacePoints(*shapes.require("near_points", "near_occupancies", by=by)), near))
    return torch.cat([part.known() for part in parts], dim=1)


def thinned(rows: Tensor, count: int) -> Tensor:
    """``count`` of the rows (B, N, ...), evenly from first to last; all of them if there are fewer.

    >>> thinned(torch.arange(10)[None], 4)
    tensor([[0, 3, 6, 9]])
    """
    size = rows.shape[1]
    return rows if size <= count else rows[:, torch.linspace(0, size - 1, count).round().long()]


def _thinned_space(space: SpacePoints, count: int) -> SpacePoints:
    return SpacePoints(*(thinned(part, count) for part in space))
