"""Score of a DeepSDF on the shapes of its training, and on new ones found from all about them or from one half.

Numbers are mean distances between surfaces (``chamfer`` of ``metrics.compare_surfaces``) in thousandths of the true
shape's longest side. The baseline is the training shape that is nearest to the truth, chosen by that very number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import MOST_STEPS, check_fits, check_whole
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.data import DistanceSamples, Mesh, as_mesh
from diffshape.metrics import compare_surfaces
from diffshape.models.deep_sdf.model import DeepSDF

Numbers = tuple[float | None, ...]


class FoundCodes(NamedTuple):
    """Codes of S new shapes, and what they were found from.

    Attributes:
        whole: (S, latent), from all observed points.
        half: (S, latent), from those that have the smallest x.
        seen: Points (S, N / 2, 3) and distances (S, N / 2) of the half.
    """

    whole: Float[Tensor, "s c"]
    half: Float[Tensor, "s c"]
    seen: DistanceSamples

    __repr__ = one_line


@checked
def find_codes(model: DeepSDF, meshes: Sequence[Any], *, observed: int = 1000, steps: int = 800) -> FoundCodes:
    """Observe shapes that are not of the training, wholly and from one side, and find their codes from that.

    Args:
        model: A trained model.
        meshes: New shapes, placed like those of the training: paths, ``trimesh.Trimesh`` or (vertices, faces).
        observed: Points about each shape whose signed distances are known to the search; the half that has the
            smallest x is what is seen from one side.
        steps: Optimiser steps of each search.

    Raises:
        ValueError: There is no mesh, or one is not a mesh.
    """
    check_fits("find_codes: observed", observed, 200, 2)
    check_whole("find_codes: steps", steps, 1, MOST_STEPS)
    if not len(meshes):
        raise ValueError("find_codes: meshes must hold one mesh or more, got none")
    points, distances = (torch.stack(part) for part in zip(*(model.observe(mesh, observed) for mesh in meshes)))
    first = points[..., 0].argsort(dim=1)[:, : observed // 2]
    seen = DistanceSamples(points.take_along_dim(first[..., None], 1), distances.take_along_dim(first, 1))
    return FoundCodes(model.infer(points, distances, steps=steps), model.infer(*seen, steps=steps), seen)


@dataclass(frozen=True, kw_only=True)
class DeepSDFScore:
    """Mean distances between surfaces, one a shape, in thousandths of its longest side; ``None`` without a surface.

    Attributes:
        recalled: Training shapes, from their own codes.
        whole: New shapes, found from all observed points.
        half: New shapes, found from half of them.
        nearest: To each new shape, from the nearest one of the training.
    """

    recalled: Numbers
    whole: Numbers
    half: Numbers
    nearest: Numbers

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        rows = {
            "training shapes, from their codes": self.recalled,
            "new shapes, from all observed points": self.whole,
            "new shapes, from half of them": self.half,
            "training shape nearest to each new one": self.nearest,
        }
        head = f"{'Chamfer x1e3 of the longest side':<40}{'mean':>6}{'worst':>8}"
        return "\n".join([head, *(_row(title, numbers) for title, numbers in rows.items())])


@checked
def score_deep_sdf(
    model: DeepSDF,
    known: Sequence[Any],
    held_out: Sequence[Any],
    found: FoundCodes,
    *,
    recalled: int | None = None,
    samples: int = 5000,
    resolution: int = 128,
) -> DeepSDFScore:
    """Compare the model's surfaces with the true ones.

    Args:
        model: The model.
        known: All shapes that it was trained on, in order.
        held_out: New shapes.
        found: Their codes, from :func:`find_codes`.
        recalled: How many training shapes to recall, the first ones; all if ``None``.
        samples: Points on each surface.
        resolution: Grid nodes along a side, as of ``DeepSDF.mesh``.

    Raises:
        ValueError: There are other numbers of codes than of shapes.
    """
    if len(model.codes) != len(known) or not len(found.whole) == len(found.half) == len(held_out):
        raise ValueError(
            f"score_deep_sdf: known and held_out must be as many as codes, {len(model.codes)} and {len(found.whole)}, "
            f"got {len(known)} and {len(held_out)}"
        )
    known, held_out = [as_mesh(mesh) for mesh in known], [as_mesh(mesh) for mesh in held_out]

    def chamfer(mesh: Mesh, truth: Mesh) -> float | None:
        value = compare_surfaces(mesh, truth, samples=samples).chamfer
        return None if value is None else 1e3 * value

    def remade(codes: Tensor, truths: Sequence[Mesh]) -> Numbers:
        return tuple(chamfer(model.mesh(code, resolution), truth) for code, truth in zip(codes, truths))

    distances = [[chamfer(mesh, truth) for mesh in known] for truth in held_out]
    return DeepSDFScore(
        recalled=remade(model.codes, known[:recalled]),
        whole=remade(found.whole, held_out),
        half=remade(found.half, held_out),
        nearest=tuple(min(value for value in row if value is not None) for row in distances),
    )


def _row(title: str, numbers: Numbers) -> str:
    """Mean and worst of all shapes; "none" if one of them has no surface."""
    known = [number for number in numbers if number is not None]
    whole = len(known) == len(numbers) > 0
    mean, worst = (f"{sum(known) / len(known):.1f}", f"{max(known):.1f}") if whole else ("none", "none")
    return f"{title:<40}{mean:>6}{worst:>8}"
