"""Shapes to learn from and to be judged by, each as points, occupancies, voxels, images: whatever a model reads."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import check, checked
from diffshape._typed import hints_of
from diffshape.data.split import train_test_split


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ShapeSet:
    """S shapes, each known in some of these forms; those of the others are ``None``.

    All of it is in the coordinates of the set, y up: a shape lies about the cube from -1/2 to 1/2, and points in its
    volume are drawn from the cube of side 1.1.

    Attributes:
        names: Name of each shape.
        points: Points on the surfaces, independent and even in area, shape (S, N, 3).
        normals: Unit normals there, facing outward, shape (S, N, 3).
        volume_points: Points drawn evenly from the cube of side 1.1, shape (S, K, 3).
        occupancies: Whether these are inside, shape (S, K).
        near_points: Points near the surfaces, shape (S, M, 3).
        near_occupancies: Whether these are inside, shape (S, M).
        near_distances: Signed distances of the near points, negative inside, shape (S, M).
        voxels: Whether the middle of each voxel of the cube from -1/2 to 1/2 is inside, shape (S, R, R, R).
        images: Silhouettes or grey images in V views, from 0 to 1, shape (S, V, H, W).
        depths: Distance to the surface along the view; 0 where there is none, shape (S, V, H, W).
        views: Rotations from the coordinates of the set to those of each camera, shape (S, V, 3, 3).
        notes: Changes and omissions when the shapes were read, a sentence each.

    >>> shapes = ShapeSet(names=("a", "b", "c"), points=torch.zeros(3, 100, 3))
    >>> shapes, len(shapes[torch.tensor([0, 2])])
    (ShapeSet(3 shapes: points 100x3), 2)
    """

    names: tuple[str, ...]
    points: Float[Tensor, "s n 3"] | None = None
    normals: Float[Tensor, "s n 3"] | None = None
    volume_points: Float[Tensor, "s k 3"] | None = None
    occupancies: Bool[Tensor, "s k"] | None = None
    near_points: Float[Tensor, "s m 3"] | None = None
    near_occupancies: Bool[Tensor, "s m"] | None = None
    near_distances: Float[Tensor, "s m"] | None = None
    voxels: Bool[Tensor, "s r r r"] | None = None
    images: Float[Tensor, "s v h w"] | None = None
    depths: Float[Tensor, "s v h w"] | None = None
    views: Float[Tensor, "s v 3 3"] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hints = hints_of(type(self))
        for name, hint in hints.items():
            check(f"ShapeSet: {name}", hint, getattr(self, name))
        for name, part in self.parts().items():
            _check_shape(name, part, get_args(hints[name])[0].dim_str.split())
            if len(part) != len(self):
                raise ValueError(f"ShapeSet: {name} must have a row for each of {len(self)} names, got {len(part)}")
        for name, other in _SAME_POINTS.items():
            own, theirs = getattr(self, name), getattr(self, other)
            if own is not None and (theirs is None or own.shape[:2] != theirs.shape[:2]):
                got = None if theirs is None else tuple(theirs.shape)
                raise ValueError(f"ShapeSet: {name} {tuple(own.shape)} must be those of the {other}, got {got}")

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        sizes = (f"{name} {'x'.join(str(size) for size in part.shape[1:])}" for name, part in self.parts().items())
        return f"ShapeSet({len(self)} shapes: {', '.join(sizes)})"

    def parts(self) -> dict[str, Tensor]:
        """The tensors that there are, by name."""
        names = (item.name for item in fields(self) if item.name not in ("names", "notes"))
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @checked
    def require(self, *names: str, by: str) -> list[Tensor]:
        """The tensors of these names.

        Args:
            names: Names of parts, such as "points".
            by: Function that needs them, for the error.

        Raises:
            ValueError: One of them is not known of these shapes, or there is no shape.
        """
        if not len(self):
            raise ValueError(f"{by}: shapes must hold one shape or more, got none")
        parts = self.parts()
        if missing := [name for name in names if name not in parts]:
            raise ValueError(f"{by}: shapes must have {', '.join(missing)}, got {self!r}")
        return [parts[name] for name in names]

    @checked
    def __getitem__(self, which: Int[Tensor, "picked"] | slice) -> "ShapeSet":
        """Some of the shapes, by a slice or a tensor of indices."""
        places = range(len(self))[which] if isinstance(which, slice) else which.tolist()
        names = tuple(self.names[place] for place in places)
        return self._mapped(lambda part: part[which], names=names)

    def to(self, device: torch.device | str) -> "ShapeSet":
        """All tensors on a device."""
        return self._mapped(lambda part: part.to(device))

    @checked
    def split(self, holdout: float = 0.2, *, seed: int = 0) -> tuple["ShapeSet", "ShapeSet"]:
        """Shapes to learn from, and a share held out to be tested on, as ``data.train_test_split`` draws them."""
        learn, test = train_test_split(len(self), holdout, seed=seed)
        return self[learn], self[test]

    def _mapped(self, change: Callable[[Tensor], Tensor], **others: Any) -> "ShapeSet":
        return replace(self, **{name: change(part) for name, part in self.parts().items()}, **others)


def _check_shape(name: str, part: Tensor, axes: list[str]) -> None:
    """A part has as many axes as named, of these sizes, and of one size where names are the same."""
    sizes = {axis: int(axis) for axis in axes if axis.isdigit()}
    if part.ndim != len(axes) or any(size != sizes.setdefault(axis, size) for axis, size in zip(axes, part.shape)):
        raise ValueError(f"ShapeSet: {name} must have shape ({', '.join(axes).upper()}), got {tuple(part.shape)}")


_SAME_POINTS = {
    "normals": "points",
    "occupancies": "volume_points",
    "near_occupancies": "near_points",
    "near_distances": "near_points",
    "depths": "views",
}
"""Parts with a value for each row of another part."""
