"""The level set of a field as a triangle mesh: marching cubes on a dense or a sparse grid.

Nodes are equally spaced, spacing = longest side / (resolution - 1). A vertex lies where the field, linear along a grid
edge, has the level. Marching cubes (Lorensen, Cline, SIGGRAPH 1987) is libigl's.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_resolution
from diffshape.ops.level_sets.octree import sparse_cells
from diffshape.ops.level_sets.sampling_grid import CORNERS, ActiveCells, SamplingGrid, dense_cells

NUDGE = 1e-3
"""Least |value - level| of a node, as a share of the mean over nodes near the surface: see ``_march``."""

DENSE_RESOLUTION = 64
"""Largest resolution at which every node is sampled unless the caller says otherwise."""


class Surface(NamedTuple):
    """A triangle mesh of tensors, which is the pair ``(vertices, faces)`` and is taken wherever such a pair is."""

    vertices: Float[Tensor, "v 3"]
    """Positions, shape (V, 3)."""
    faces: Int[Tensor, "f 3"]
    """Vertices of each triangle, shape (F, 3), int64, counter-clockwise seen from outside."""

    def __repr__(self) -> str:
        return f"Surface({len(self.vertices)} vertices, {len(self.faces)} faces)"


@torch.no_grad()
@checked
def isosurface(
    field: Callable[[Tensor], Tensor],
    *,
    resolution: int,
    bounds: tuple[Sequence[float] | float, Sequence[float] | float],
    level: float = 0.0,
    sparse: bool | None = None,
    lipschitz: float = 1.5,
    closed: bool = False,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Surface:
    """Triangle mesh of {field = level} inside a box, wound so that normals point to greater values (outside).

    Args:
        field: Any callable (N, 3) -> (N,), signed, less than ``level`` inside.
        resolution: Grid nodes along the longest side of the box, >= 2, at most what fits into the free memory. Cells
            are cubes; a shorter side gets as many as cover it, centred, so the grid may pass the box by less than a
            cell there.
        bounds: ``(low, high)``: two corners of three coordinates, or two numbers for a cube.
        level: The value of the surface.
        sparse: Sample only near the surface, guided by ``lipschitz``, so that cost grows with resolution^2; False
            samples every node. None: sparse above a resolution of 64.
        lipschitz: With a sparse grid, an upper bound of |grad field| (1 for a distance; learnt distances exceed it).
            Where the field is steeper, a piece that fits between the nodes of a lattice of about 32 per side may be
            missed; a piece that separates two of them never is. 0: the field has no useful bound, as the logits of an
            occupancy network; the surface is then found by the signs alone at the nodes of a lattice of 45 to 90.
        closed: Count the outermost nodes as outside, so that a solid which leaves the box is cut off by a wall there
            and the mesh is closed. By default it stays open there.
        device, dtype: Where and in which precision the field is evaluated; by default those of the first floating
            parameter or buffer of a module, else the CPU and torch's default dtype.

    Returns:
        ``Surface``: vertices (V, 3), float64, and faces (F, 3), int64, on ``device``; (0, 3) each where no cell is
        crossed. No two vertices coincide and no face is degenerate: every edge has two faces, or one where the surface
        leaves the box.

    Raises:
        ValueError: An argument is out of range, or the field returns another shape, NaN or infinity.

    Not differentiable. Memory: about 20 resolution^3 bytes if dense, 1,200 to 3,600 resolution^2 if sparse.

    >>> vertices, faces = isosurface(lambda x: x.norm(dim=-1) - 0.5, resolution=33, bounds=(-1.0, 1.0))
    >>> bool(((vertices.norm(dim=-1) - 0.5).abs() < 1e-3).all())
    True
    """
    if sparse is None:
        sparse = resolution > DENSE_RESOLUTION
    check_resolution("isosurface: resolution", resolution, sparse=sparse)
    if not lipschitz >= 0:
        raise ValueError(f"isosurface: lipschitz must be 0 or more, got {lipschitz}")
    found_device, found_dtype = _home(field)
    device = torch.device(device) if device is not None else found_device
    origin, spacing, cells = _layout(bounds, resolution)
    grid = SamplingGrid(field, level, origin, spacing, cells, closed, device, dtype or found_dtype)
    steps, faces = _march(grid, sparse_cells(grid, lipschitz) if sparse else dense_cells(grid))
    return Surface(grid.positions(steps), faces)


def _march(grid: SamplingGrid, active: ActiveCells) -> tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]]:
    """Marching cubes over the active cells; vertices in grid steps.

    A node exactly on the surface would put several vertices in one place and leave faces without area, which cannot be
    dropped without opening or pinching the mesh. So no |value| is left below a thousandth of their mean: the surface
    moves by less than a thousandth of a cell at such nodes, and every face keeps an area.
    """
    import igl

    if not len(active.cells):
        empty = torch.empty((0, 3), dtype=torch.float64, device=grid.device)
        return empty, empty.long()
    strides = grid.strides()
    corner_keys = (torch.tensor(CORNERS, device=grid.device) * strides).sum(-1)
    keys, places = ((active.cells * strides).sum(-1)[:, None] + corner_keys).unique(return_inverse=True)  # (n,), (C, 8)
    values = torch.empty(len(keys), dtype=torch.float64, device=grid.device)
    values[places.flatten()] = active.values.double().flatten()
    least = NUDGE * values.abs().mean()
    if least > 0:
        values = torch.where(values < 0, values.clamp_max(-least), values.clamp_min(least))
    vertices, faces, *_ = igl.marching_cubes(
        values.cpu().numpy(), grid.nodes_of(keys).double().cpu().numpy(), places.cpu().numpy(), 0.0
    )
    return torch.from_numpy(np.asarray(vertices)).to(grid.device), torch.from_numpy(np.asarray(faces)).to(grid.device)


def _layout(
    bounds: tuple[Sequence[float] | float, Sequence[float] | float], resolution: int
) -> tuple[tuple[float, float, float], float, tuple[int, int, int]]:
    """Origin, spacing and cells per axis of cubic cells over the box."""
    low, high = (np.asarray(corner, dtype=np.float64) for corner in bounds)
    if low.shape not in ((), (3,)) or high.shape not in ((), (3,)):
        raise ValueError(f"isosurface: bounds must be two numbers or two corners of three coordinates, got {bounds}")
    low, high = np.broadcast_to(low, 3), np.broadcast_to(high, 3)
    sides = high - low
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (sides > 0).all()):
        raise ValueError(f"isosurface: bounds must be finite with low < high on every axis, got {bounds}")
    spacing = float(sides.max()) / (resolution - 1)
    x, y, z = (max(1, math.ceil(side / spacing - 1e-6)) for side in sides)
    origin = (low + high) / 2 - spacing * np.array([x, y, z]) / 2
    return (float(origin[0]), float(origin[1]), float(origin[2])), spacing, (x, y, z)


def _home(field: Any) -> tuple[torch.device, torch.dtype]:
    """Device and dtype of a module's first floating parameter or buffer; of plain functions, torch's defaults."""
    if isinstance(field, torch.nn.Module):
        for tensor in (*field.parameters(), *field.buffers()):
            if tensor.is_floating_point():
                return tensor.device, tensor.dtype
    return torch.device("cpu"), torch.get_default_dtype()
