"""Sampled solids with their normals, in the unit frame."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sphere(n: int = 3000, radius: float = 0.5, seed: int = 0) -> tuple[Tensor, Tensor]:
    normals = torch.nn.functional.normalize(torch.randn(n, 3, generator=generator(seed), dtype=torch.float64), dim=1)
    return radius * normals, normals


def torus(n: int = 4000, ring: float = 0.35, tube: float = 0.15, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Even by area: the angle around the tube is drawn again where the inner side is shorter."""
    angles = torch.rand(4 * n, 3, generator=generator(seed), dtype=torch.float64)
    around, along = 2 * math.pi * angles[:, 0], 2 * math.pi * angles[:, 1]
    kept = angles[:, 2] < (ring + tube * along.cos()) / (ring + tube)
    around, along = around[kept][:n], along[kept][:n]
    normals = torch.stack([along.cos() * around.cos(), along.cos() * around.sin(), along.sin()], dim=1)
    centers = ring * torch.stack([around.cos(), around.sin(), torch.zeros_like(around)], dim=1)
    return centers + tube * normals, normals


def slab(n: int = 8000, thickness: float = 0.05, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A square plate of side 1: its two faces and four rims, even by area."""
    half = torch.tensor([0.5, 0.5, thickness / 2], dtype=torch.float64)
    areas = 1 / half  # of the face across each axis, up to a factor
    axis = torch.multinomial(areas, n, replacement=True, generator=generator(seed))
    side = 2.0 * torch.randint(2, (n,), generator=generator(seed + 1)) - 1
    normals = torch.nn.functional.one_hot(axis, 3).double() * side[:, None]
    points = (2 * torch.rand(n, 3, generator=generator(seed + 2), dtype=torch.float64) - 1) * half
    return torch.where(normals != 0, normals * half, points), normals


def nested_spheres(n: int = 6000) -> tuple[Tensor, Tensor]:
    """A hollow ball: the inner wall's normals point to the centre, out of the solid, and no one sees it."""
    outer, inner = sphere(n * 4 // 5, 0.5), sphere(n // 5, 0.25, seed=1)
    return torch.cat([outer[0], inner[0]]), torch.cat([outer[1], -inner[1]])


def noisy(points: Tensor, noise: float, seed: int = 5) -> Tensor:
    return points + noise * torch.randn(points.shape, generator=generator(seed), dtype=points.dtype)


@pytest.fixture(scope="session")
def clouds() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(
        generator=generator, sphere=sphere, torus=torus, slab=slab, nested_spheres=nested_spheres, noisy=noisy
    )
