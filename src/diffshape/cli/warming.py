"""``diffshape info --warm``: the CPU kernels that the verbs need, compiled with a line for each part."""

from collections.abc import Callable
from time import perf_counter

import torch

from diffshape import data, losses, metrics, ops
from diffshape.cli.errors import DONE
from diffshape.fitting.fit_mesh import fit_mesh
from diffshape.fitting.fit_points import fit_points
from diffshape.ops.kernel_folder import kernel_folder

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


def warm() -> int:
    """Compile, and say how long each part took and where the kernels are kept.

    Raises:
        OSError: Nothing that is compiled could be kept.
    """
    folder, begin = kernel_folder(), perf_counter()
    if folder is None:
        raise OSError("info --warm: no folder for compiled kernels can be written; set NUMBA_CACHE_DIR to one that can")
    for number, (use, part) in enumerate(KERNEL_WORK.items(), start=1):
        print(f"{number} of {len(KERNEL_WORK)}  {use}", end=" ", flush=True)
        start = perf_counter()
        part()
        print(f"{perf_counter() - start:.1f} s", flush=True)
    print(f"compiled in {perf_counter() - begin:.1f} s, kept in {folder}")
    return DONE
