"""Scans with noise that the drawn solids never have, and with few or many points, made of true meshes.

All lengths are shares of the longest side of the mesh; points p_i are even by area; everything is drawn with fixed
seeds. "salt": one point in ten is off by N(0, 0.03^2) along every axis, the others by N(0, 0.002^2). "correlated": to
N(0, 0.002^2) comes an error that neighbours share, each of its coordinates a sum of 32 plane waves of wavelength 0.1 in
random directions, with standard deviation 0.002, so that it reaches about 0.004. "grid": coordinates rounded to
multiples of 0.005. The others are N(0, 0.005^2), of as many points as they are named after.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Mesh, simulate_scan

SEED = 15
COUNT = 30_000
WAVES = 32
Points = NDArray[np.float64]


def salt(truth: Mesh, generator: np.random.Generator) -> Points:
    """A tenth of the points far off."""
    points = simulate_scan(truth, COUNT, seed=SEED)
    sizes = np.where(generator.random((COUNT, 1)) < 0.1, 0.03, 0.002)
    return points + sizes * generator.standard_normal(points.shape)


def correlated(truth: Mesh, generator: np.random.Generator) -> Points:
    """Errors that neighbours share."""
    points = simulate_scan(truth, COUNT, noise=0.002, seed=SEED)
    directions = generator.standard_normal((3, WAVES, 3))
    waves = 2 * np.pi / 0.1 * directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    phases = generator.uniform(0, 2 * np.pi, (3, WAVES))
    shared = np.stack([np.cos(points @ k.T + phase).sum(axis=1) for k, phase in zip(waves, phases)], axis=1)
    return points + 0.002 * np.sqrt(2 / WAVES) * shared


def grid(truth: Mesh, generator: np.random.Generator) -> Points:
    """Coordinates rounded."""
    return np.round(simulate_scan(truth, COUNT, seed=SEED) / 0.005) * 0.005


def few(truth: Mesh, generator: np.random.Generator) -> Points:
    """1,000 points."""
    return simulate_scan(truth, 1000, noise=0.005, seed=SEED)


def many(truth: Mesh, generator: np.random.Generator) -> Points:
    """400,000 points."""
    return simulate_scan(truth, 400_000, noise=0.005, seed=SEED)


UNSEEN: dict[str, Callable[[Mesh, np.random.Generator], Points]] = {
    "salt": salt,
    "correlated": correlated,
    "grid": grid,
    "1,000 points": few,
    "400,000 points": many,
}


def unseen_scan(kind: str, truth: Mesh) -> Points:
    """Points of one kind, shape (N, 3), of a mesh whose longest side is 1."""
    return UNSEEN[kind](truth, np.random.default_rng(SEED))
