"""Training samples of DeepSDF: one frame for a family of shapes, and points with their signed distances in it.

A shape scaled to [-1, 1] by itself would lose its size, and its place among the others. Here one frame holds them all:
its centre is that of the box of all vertices, its unit 1.03 times the largest distance of a vertex from there. Shapes
that are not placed alike in their files must be aligned before.

Of N points, 47 in 50 come from N 47 / 100 points of the surface, each moved twice: by N(0, 0.0707^2) and by
N(0, 0.0224^2) along each axis. The rest is even in [-1, 1]^3. Source: Park et al., DeepSDF, CVPR 2019, section 4, and
its released code, where the variances are 0.005 and 0.0005.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_seed
from diffshape._reprs import one_line
from diffshape.data import DistanceSamples, Frame, Mesh, SignedDistance, as_mesh
from diffshape.data.synthetic.families import ShapeFamily
from diffshape.models.deep_sdf.config import DeepSDFConfig
from diffshape.ops import sample_surface

MARGIN = 1.03
"""Unit of the frame, in the largest distance of a vertex from its centre."""
Shapes = ShapeFamily | Sequence[Any] | Mapping[str, Any]


def family_meshes(shapes: Shapes) -> list[Mesh]:
    """The shapes as meshes; names are left out.

    Raises:
        ValueError: There is no shape, or one is not a mesh.
    """
    if isinstance(shapes, ShapeFamily):
        vertices, faces = shapes.meshes()
        return [as_mesh((each, faces)) for each in vertices]
    if not len(shapes):
        raise ValueError("train_deep_sdf: shapes must hold one mesh or more, got none")
    return [as_mesh(shape) for shape in (shapes.values() if isinstance(shapes, Mapping) else shapes)]


def family_frame(meshes: Sequence[Mesh]) -> Frame:
    """The one frame of all.

    >>> cube = np.array([[-1.0, -1, -1], [1, -1, -1], [1, 1, -1], [1, 1, 1]])
    >>> frame = family_frame([as_mesh((cube, [[0, 1, 2], [0, 2, 3]])), as_mesh((cube / 2, [[0, 1, 2]]))])
    >>> frame.center, round(frame.scale / MARGIN / 3**0.5, 9)
    ((0.0, 0.0, 0.0), 1.0)
    """
    vertices = np.concatenate([mesh.vertices[np.unique(mesh.faces)] for mesh in meshes])
    x, y, z = ((vertices.min(axis=0) + vertices.max(axis=0)) / 2).tolist()
    return Frame((x, y, z), MARGIN * float(np.linalg.norm(vertices - (x, y, z), axis=1).max()))


def distance_samples(
    mesh: Mesh, frame: Frame, config: DeepSDFConfig, count: int, *, generator: torch.Generator
) -> DistanceSamples:
    """``count`` points about a shape and their exact signed distances, both in ``frame``."""
    vertices = torch.from_numpy(frame.to_unit(mesh.vertices))
    faces = torch.from_numpy(mesh.faces)
    half = int(config.near * count / 2)
    surface = sample_surface(vertices, faces, half, generator=generator).points.float()
    moved = [surface + spread * torch.randn(half, 3, generator=generator) for spread in config.spreads]
    points = torch.cat([*moved, 2 * torch.rand(count - 2 * half, 3, generator=generator) - 1])
    exact = SignedDistance((vertices, faces))
    return DistanceSamples(points, exact.frame.distances_from_unit(exact(exact.frame.to_unit(points))))


@dataclass(frozen=True)
class SidedPool:
    """Points (S, n, 3) of S shapes and their distances (S, n); the ``inside`` negative ones of each come first."""

    points: Float[Tensor, "s n 3"]
    distances: Float[Tensor, "s n"]
    inside: Int[Tensor, "s"]

    __repr__ = one_line

    @classmethod
    def of(cls, points: Float[Tensor, "s n 3"], distances: Float[Tensor, "s n"]) -> "SidedPool":
        """The pool of points (S, n, 3) and distances (S, n) in any order."""
        outside = distances >= 0
        order = outside.byte().argsort(dim=1, stable=True)
        sorted_points = points.take_along_dim(order[..., None], dim=1)
        return cls(sorted_points, distances.take_along_dim(order, dim=1), (~outside).sum(1))

    def draw(self, shapes: Int[Tensor, "b"], count: int, generator: torch.Generator) -> DistanceSamples:
        """``count`` points, with repetition, of each of the shapes: (B, count, 3) and (B, count).

        Half of them are inside, the odd one outside; of a shape that has points on one side only, all are from there.
        """
        size, inside = self.points.shape[1], self.inside[shapes, None]
        wants_inside = torch.arange(count, device=inside.device) < count // 2
        is_inside = ((inside > 0) & wants_inside) | (inside == size)
        first, available = torch.where(is_inside, 0, inside), torch.where(is_inside, inside, size - inside)
        share = torch.rand(len(shapes), count, generator=generator).to(available.device)
        rows = first + torch.minimum((share * available).long(), available - 1)
        return DistanceSamples(self.points[shapes[:, None], rows], self.distances[shapes[:, None], rows])


@dataclass(frozen=True)
class FamilySamples:
    """Samples from which a family is learnt: the frame, the points, and the random state after they were drawn."""

    frame: Frame
    pool: SidedPool
    generator_state: Tensor

    __repr__ = one_line


@checked
def sample_family(shapes: Shapes, config: DeepSDFConfig, *, seed: int = 0) -> FamilySamples:
    """The one frame of all shapes, and of each ``config.samples`` points with their distances.

    Raises:
        ValueError: There is no shape, or some are not meshes or have no inside; all that have none are named.
    """
    check_seed("sample_family: seed", seed)
    meshes = family_meshes(shapes)
    frame = family_frame(meshes)
    generator = torch.Generator().manual_seed(seed)
    samples = [distance_samples(mesh, frame, config, config.samples, generator=generator) for mesh in meshes]
    pool = SidedPool.of(*(torch.stack(part) for part in zip(*samples)))
    _check_sides(pool, list(shapes) if isinstance(shapes, Mapping) else [f"shape {n}" for n in range(len(meshes))])
    return FamilySamples(frame, pool, generator.get_state())


def _check_sides(pool: SidedPool, names: Sequence[str]) -> None:
    size = pool.points.shape[1]
    wrong = [
        f"{name} has {n} of {size} points inside" for name, n in zip(names, pool.inside.tolist()) if not 0 < n < size
    ]
    if wrong:
        raise ValueError(
            f"train_deep_sdf: {', '.join(wrong)}; a shape must be a closed mesh with its faces turned outward, not too "
            "thin, or needs more samples"
        )
