"""Score of the field of a mesh by the protocol of ``metrics.compare_fields``, at points that no fit has seen."""

import torch

from diffshape._arguments import checked
from diffshape._bounds import LARGEST_RUN_SEED, check_fits, check_number, check_whole
from diffshape.fitting.result import FitResult
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.metrics import FieldScore, compare_fields, compare_surfaces

_SEED = 1 << 40
"""Seed of the first score, far from the seeds of fits."""


@checked
def score_field(
    result: FitResult, *, samples: int = 500_000, sigma: float = 0.01, resolution: int | None = 256, seed: int = 0
) -> FieldScore:
    """Score a fit of a mesh against the mesh: signs, distances, and the surface; in its frame, where its side is 2.

    Args:
        result: What ``fit_mesh`` gave.
        samples: Number of points near the surface, and of points uniform in [-1, 1]^3.
        sigma: Standard deviation by which the points near the surface are moved off it.
        resolution: Grid nodes of the mesh whose Chamfer distance is measured, as a share of the longest side; None:
            the surface is not meshed, and its Chamfer distance not measured.
        seed: Seed of the points.

    Raises:
        ValueError: The fit is not one of a mesh.
    """
    target = result.target
    if not isinstance(target, MeshTarget):
        raise ValueError("score_field: result must be a fit of a mesh; score that of a scan with compare_surfaces")
    distance = target.distance
    check_fits("score_field: samples", samples, 400)
    check_number("score_field: sigma", sigma, 0, 1e6)
    check_whole("score_field: seed", seed, 0, LARGEST_RUN_SEED)
    generator = torch.Generator().manual_seed(_SEED + seed)
    near = distance.sample_near(samples, sigma=sigma, generator=generator)
    volume = distance.sample_uniform(samples, generator=generator)
    surface = distance.sample_surface(samples, generator=generator)
    chamfer = None
    if resolution is not None:
        chamfer = compare_surfaces(result.mesh(resolution), target.mesh).chamfer
    return compare_fields(
        result.field.query(near.points),
        near.distances,
        result.field.query(volume.points),
        volume.distances,
        pred_surface=result.field.query(surface.points),
        chamfer=chamfer,
    )
