"""Small clouds with a known surface, small fields, and fits that do not prepare the same scan twice."""

import math
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from diffshape.fields import Field, HashGridConfig
from diffshape.fitting import DiffCD
from diffshape.fitting import fit_points as fit_to_points
from diffshape.fitting.methods import initial_distances
from diffshape.fitting.scans.prepare import prepare_scan
from diffshape.fitting.targets.scan_target import ScanTarget

CENTER, RADIUS = np.array([10.0, -5.0, 3.0]), 2.0


class Sphere(Field):
    """|x| - r with a radius to learn, times a slope: the closed form behind most expectations here."""

    def __init__(self, radius=0.5, slope=1.0):
        super().__init__()
        self.radius = torch.nn.Parameter(torch.tensor(radius))
        self.slope = slope

    def evaluate(self, points):
        return self.slope * (points.norm(dim=-1) - self.radius)


@pytest.fixture(scope="session")
def sphere_field():
    return Sphere


def even_directions(count, seed=0):
    """Directions (count, 3) of a Fibonacci spiral, shuffled by ``seed``."""
    index = np.arange(count) + 0.5
    angle, height = np.pi * (1 + 5**0.5) * index, 1 - 2 * index / count
    ring = np.sqrt(1 - height**2)
    rows = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=1)
    return np.random.default_rng(seed).permutation(rows)


@pytest.fixture(scope="session")
def directions():
    return even_directions


@pytest.fixture(scope="session")
def ball():
    """1500 points of a sphere of radius 2 around (10, -5, 3)."""
    return CENTER + RADIUS * even_directions(1500)


@pytest.fixture(scope="session")
def sphere_target():
    """A sphere of radius 0.5 with exact normals and areas."""
    normals = torch.from_numpy(even_directions(3000)).float()
    return ScanTarget(
        points=0.5 * normals,
        normals=normals,
        spacing=torch.tensor((np.pi / 3000) ** 0.5),
        noise=torch.tensor(0.0),
        areas=torch.full((3000,), np.pi / 3000),
    )


@pytest.fixture(scope="session")
def small_field():
    return HashGridConfig(levels=4, finest=32, log2_entries=12)


@pytest.fixture(scope="session")
def small_method():
    """A DiffCD fit of the default kind whose steps take milliseconds."""
    return DiffCD(batch=256, surface_batch=128, pool=500, meshings=2, mesh_resolution=24)


@pytest.fixture(scope="session")
def _scans():
    return {}


@pytest.fixture(autouse=True)
def quick_start(monkeypatch, _scans):
    """A small pool of start targets, and one preparation for each cloud."""

    def remembered(cloud, config, *, normals=None, open=False):
        key = cloud.numpy().tobytes(), config, None if normals is None else normals.numpy().tobytes(), open
        if key not in _scans:
            _scans[key] = prepare_scan(cloud, config, normals=normals, open=open)
        return _scans[key]

    monkeypatch.setattr(import_module("diffshape.fitting.fit_points"), "prepare_scan", remembered)
    monkeypatch.setattr(initial_distances, "_POOL", 20_000)
    monkeypatch.setattr(initial_distances, "_BATCH", 1024)


@pytest.fixture(scope="session")
def _fits():
    return {}


@pytest.fixture
def ball_fit(quick_start, _fits, ball, small_method, small_field):
    """One short fit to the ball, shared: nothing here changes it."""
    if "ball" not in _fits:
        _fits["ball"] = fit_to_points(ball, small_method, small_field, steps=80)
    return _fits["ball"]


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
