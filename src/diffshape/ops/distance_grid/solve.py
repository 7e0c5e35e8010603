"""The smoothest function that is 0 at points and has their normals as gradients there: a linear system on bricks.

    E(f) = sum_i a_i f(p_i)^2 + sum_i b_i |grad f(p_i) - n_i|^2 + k sum over nodes |D^2 f|^2

f in cells, trilinear between the nodes; D^2 f the second differences xx, yy, zz, xy, xz, yz at a node, mixed ones
twice. E is quadratic, and conjugate gradients find its least from a start that is nearly right in few rounds.

Related: Calakli and Taubin, "SSD: Smooth signed distance surface reconstruction", CGF 2011.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels import numba_distance_grid
from diffshape.kernels.threads import run_tasks
from diffshape.ops.distance_grid.bricks import NODES, SIDE, Bricks

STENCIL = 42.0
"""Diagonal of the bending energy where no difference is missing, in units of its weight."""


class SurfaceData(NamedTuple):
    """Points of a surface, and how much each counts."""

    points: Float[Tensor, "n 3"]
    """Points p, float64."""
    normals: Float[Tensor, "n 3"]
    """Unit normals n, float64."""
    value_weights: Float[Tensor, "n"]
    """Weights a."""
    gradient_weights: Float[Tensor, "n"]
    """Weights b."""


def solve_distances(
    bricks: Bricks, data: SurfaceData, start: Float[Tensor, "m"], *, stiffness: float, rounds: int, tolerance: float
) -> Float[Tensor, "m"]:
    """The function of least energy, in cells, at the nodes of bricks.

    Args:
        bricks: Nodes of the function; every point lies in one of their cells.
        data: Points, normals and weights.
        start: First guess, in cells, float64.
        stiffness: Weight k of the bending.
        rounds: Largest number of rounds of conjugate gradients.
        tolerance: Size of the residual, against that of the start, at which they end.
    """
    system = _System(bricks, data, stiffness)
    values = start.double().numpy().copy()
    residual = system.right - system.apply(values)
    scaled = residual / system.diagonal
    direction, energy = scaled.copy(), _dot(residual, scaled)
    enough = tolerance**2 * energy
    for _ in range(rounds):
        if not energy > enough:
            break
        image = system.apply(direction)
        step = energy / _dot(direction, image)
        values += step * direction
        residual -= step * image
        scaled = residual / system.diagonal
        before, energy = energy, _dot(residual, scaled)
        direction *= energy / before
        direction += scaled
    return torch.from_numpy(values)


class _System:
    """The matrix of the energy, applied without being made, its diagonal and its right-hand side."""

    def __init__(self, bricks: Bricks, data: SurfaceData, stiffness: float) -> None:
        self._around, self._stiffness = bricks.around().int().numpy(), stiffness
        self._tasks = -(-bricks.count // numba_distance_grid.CHUNK)
        low = ((data.points - bricks.low) / bricks.cell).floor().long()
        brick = bricks.table[tuple((low // SIDE).unbind(-1))].long()
        order = brick.argsort(stable=True)
        corners = bricks.corners(data.points[order])
        self._first = torch.searchsorted(brick[order], torch.arange(bricks.count + 1)).numpy()
        self._places = (corners.entries[:, 0] % NODES).numpy()
        self._inside = corners.inside.numpy()
        weights = torch.cat([data.value_weights[:, None], data.gradient_weights[:, None].expand(-1, 3)], dim=1)
        self._weights = weights[order].numpy()
        wanted = np.concatenate([np.zeros((len(order), 1)), data.normals[order].numpy()], axis=1)
        self._size, self._differences = NODES * bricks.count, np.empty((6, NODES * bricks.count))
        self._found = np.empty_like(self._weights)
        self.right = self._gathered(wanted * self._weights, np.zeros(self._size))
        squares = torch.cat([corners.weights[:, None], corners.slopes], dim=1).square()  # (P, 4, 8)
        shares = (squares * torch.from_numpy(self._weights)[:, :, None]).sum(1)
        data_diagonal = torch.bincount(corners.entries.flatten(), shares.flatten(), minlength=self._size)
        self.diagonal = data_diagonal.numpy() + STENCIL * stiffness

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The matrix times a vector."""
        out = np.empty_like(values)
        run_tasks(numba_distance_grid.second_differences, self._tasks, self._around, values, self._differences)
        run_tasks(numba_distance_grid.bend, self._tasks, self._around, self._differences, self._stiffness, out)
        run_tasks(
            numba_distance_grid.residuals,
            self._tasks,
            self._around,
            self._first,
            self._places,
            self._inside,
            values,
            self._found,
        )
        return self._gathered(self._found * self._weights, out)

    def _gathered(self, forces: np.ndarray, out: np.ndarray) -> np.ndarray:
        run_tasks(
            numba_distance_grid.gather,
            self._tasks,
            self._around,
            self._first,
            self._places,
            self._inside,
            forces,
            out,
        )
        return out


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of products, added in the same order for any number of threads."""
    return float((a * b).sum())
