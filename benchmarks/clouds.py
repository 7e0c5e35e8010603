"""The point clouds that benchmarks of point-set losses share, all in the unit cube, float32."""

import numpy as np


def torus(count, generator):
    """Points on a torus of radii 0.35 and 0.12."""
    u, v = 2 * np.pi * generator.random((2, count))
    ring = 0.35 + 0.12 * np.cos(v)
    return np.float32(0.5 + np.stack([ring * np.cos(u), ring * np.sin(u), 0.12 * np.sin(v)], axis=1))


def cube(count, generator):
    """Points everywhere in the cube."""
    return generator.random((count, 3), dtype=np.float32)


def blob(count, generator):
    """Points of N(0.5, 0.02^2), where an untrained network puts them."""
    return generator.normal(0.5, 0.02, (count, 3)).astype(np.float32)
