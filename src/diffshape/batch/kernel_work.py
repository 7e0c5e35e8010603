"""Small pieces of the work that needs CPU kernels, by which these are compiled ahead of their first use."""

from collections.abc import Callable

import torch

from diffshape import data, losses, metrics, ops
from diffshape.fitting.fit_mesh import fit_mesh
from diffshape.fitting.fit_points import fit_points

_POINTS = 3_000
"""Points of the scan that is fitted."""


def _losses() -> None:
    for dtype in (torch.float32, torch.float64):
        x, y = torch.rand(2, 1, _POINTS, 3, generator=torch.Generator().manual_seed(0), dtype=dtype).requires_grad_()
        losses.chamfer_distance(x, y).backward()
        losses.earth_mover_distance(x[:, :100], y[:, :100]).backward()
        ops.nearest_neighbors(x, 10 + y, k=4)
    losses.sinkhorn_divergence(*torch.rand(2, 1, 100, 3).requires_grad_(), blur=0.05).backward()


def _scan() -> None:
    result = fit_points(data.demo_scan(_POINTS)[0], steps=2, device="cpu")
    result.mesh(resolution=32)
    result.query(data.demo_scan(100)[0])


def _mesh() -> None:
    truth = data.demo_scan(100)[1]
    result = fit_mesh(truth, steps=2, device="cpu")
    metrics.compare_surfaces(result.mesh(resolution=32), truth, samples=1_000)


KERNEL_WORK: dict[str, Callable[[], None]] = {
    "losses, train, compare": _losses,
    "fit, clean and compare scans": _scan,
    "fit and query meshes, eval": _mesh,
}
"""What each part is for, and a small piece of work that compiles its kernels."""
