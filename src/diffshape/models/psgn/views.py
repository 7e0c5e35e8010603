"""The images of a set of shapes, and the points that answer each of them."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.data import ShapeSet
from diffshape.models.psgn.config import PSGNConfig


class Views(NamedTuple):
    """V images of each of S shapes, with points on its surface."""

    images: Float[Tensor, "s v h w"]
    """Images of the kind that the config reads."""
    points: Float[Tensor, "s n 3"]
    """Points in the coordinates of the set."""
    turns: Float[Tensor, "s v 3 3"] | None
    """Rotations to the frame of each answer; None if it is that of the set."""

    def each(self) -> Iterator[tuple[Float[Tensor, "1 1 h w"], Float[Tensor, "n 3"]]]:
        """Every image with all points of its shape, in the frame of the answers."""
        rows = torch.arange(self.points.shape[1], device=self.points.device)[None]
        for shape, view in torch.cartesian_prod(*(torch.arange(count) for count in self.images.shape[:2])):
            image, points = self.of(shape[None], view[None], rows)
            yield image, points[0]

    def of(
        self, shapes: Int[Tensor, "b"], views: Int[Tensor, "b"], rows: Int[Tensor, "b m"]
    ) -> tuple[Float[Tensor, "b 1 h w"], Float[Tensor, "b m 3"]]:
        """Images of some shapes from some views, and these rows of their points, in the frame of the answers."""
        points = self.points[shapes[:, None], rows]
        if self.turns is not None:
            points = points @ self.turns[shapes, views].mT
        return self.images[shapes, views][:, None], points

    def to(self, device: torch.device) -> "Views":
        """All of it on a device."""
        turns = None if self.turns is None else self.turns.to(device)
        return Views(self.images.to(device), self.points.to(device), turns)


def views_of(shapes: ShapeSet, config: PSGNConfig, *, by: str) -> Views:
    """The images and points of a set, checked.

    Args:
        shapes: Shapes with points, images of the kind that the config reads, and, for answers in the camera's frame,
            the views.
        config: Size and kind of the images, and frame of the answers.
        by: Function that needs them, for the error.

    Raises:
        ValueError: Something is missing, the images have another size, or there are too few points.
    """
    needs = ["points", config.reads, *(["views"] if config.frame == "camera" else [])]
    points, images, *turns = shapes.require(*needs, by=by)
    if images.shape[2:] != config.network.size or not images.shape[1]:
        raise ValueError(
            f"{by}: shapes must have images of the size of config.network, {config.network.size}, "
            f"got {tuple(images.shape[1:])}; read_shapes(..., image_size=) and --image-size bring those of files to it"
        )
    if points.shape[1] < config.target_points:
        raise ValueError(
            f"{by}: shapes must have config.target_points, {config.target_points}, or more, got {points.shape[1]}"
        )
    if turns and turns[0].shape[1] != images.shape[1]:
        raise ValueError(f"{by}: views must be those of {images.shape[1]} images, got {turns[0].shape[1]}")
    return Views(images.float(), points.float(), turns[0].float() if turns else None)


def first_views(shapes: ShapeSet, config: PSGNConfig) -> tuple[Float[Tensor, "s 1 h w"], Float[Tensor, "s n 3"]]:
    """The first image of each shape, and all points of the shape in the frame of the answers."""
    views, places = views_of(shapes, config, by="first_views"), torch.arange(len(shapes))
    rows = torch.arange(views.points.shape[1]).expand(len(shapes), -1)
    return views.of(places, torch.zeros_like(places), rows)
