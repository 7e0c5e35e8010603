"""The pictures of docs/failures.md: what is given, what goes wrong, and what the cure gives.

python docs/pictures/failures.py [NAME ...]
"""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from diffshape import data, fitting, report

IMAGES = Path(__file__).resolve().parents[1] / "images" / "failures"
Panel = tuple[str, Any]
"""A caption and what is above it: a mesh, or points."""


def surface(points: Any, *, resolution: int = 128, **options: Any) -> data.Mesh:
    """The surface that a fit finds."""
    return fitting.fit_points(points, device="cpu", progress=False, **options).mesh(resolution=resolution)


def rectangle(count: int, u: tuple[float, float, float], v: tuple[float, float, float], corner: Any) -> np.ndarray:
    """Random points of the parallelogram with two sides u and v at a corner."""
    return np.random.default_rng(count).random((count, 2)) @ np.array([u, v]) + corner


@cache
def kettle() -> np.ndarray:
    """A fair scan."""
    return data.demo_scan(8000)[0]


@cache
def kettle_surface() -> fitting.FitResult:
    """The field of the fair scan."""
    return fitting.fit_points(kettle(), device="cpu", progress=False)


def thin_wall() -> list[Panel]:
    """A plate that is thinner than the distance between its points."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (1, 0.8, 0.015)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    plate = data.Mesh(corners, np.array([quad[:3] for quad in quads] + [(a, c, d) for a, _, c, d in quads]))
    sparse, dense = (data.simulate_scan(plate, count, noise=0.003) for count in (1500, 15_000))
    return [("1,500 points", sparse), ("their surface", surface(sparse)), ("of 15,000 points", surface(dense))]


def closed_terrain() -> list[Panel]:
    """A sheet without an inside, fitted as a solid."""
    plain = np.random.default_rng(0).random((4000, 2))
    hills = np.c_[plain, 0.06 * np.sin(9 * plain[:, 0]) * np.cos(7 * plain[:, 1])]
    result = fitting.fit_points(hills, device="cpu", progress=False, open=True)
    solid = fitting.fit_points(hills, device="cpu", progress=False).mesh(resolution=128)
    return [("a terrain", hills), ("fitted as a solid", solid), ("--open", result.mesh(resolution=128))]


def inside_out() -> list[Panel]:
    """A corner of a room, whose points do not say on which side the room is."""
    walls = [((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (0, 0, 0.8)), ((0, 0, 0.8), (1, 0, 0))]
    points = np.concatenate([rectangle(2000, u, v, (0, 0, 0)) for u, v in walls])
    normals = np.repeat([np.cross(u, v) for u, v in walls], 2000, axis=0)
    cloud = data.PointCloud(points, normals / np.linalg.norm(normals, axis=1, keepdims=True))
    return [
        ("a corner of a room", points),
        ("points alone", surface(points, open=True)),
        ("with normals", surface(cloud, open=True)),
    ]


def stray_group() -> list[Panel]:
    """A group of points far away from the shape."""
    group = np.random.default_rng(0).normal((4, 0, 0), 0.03, (40, 3))
    return [
        ("40 points beside it", np.r_[kettle(), group]),
        ("then the surface", surface(np.r_[kettle(), group])),
        ("without them", kettle_surface().mesh(resolution=128)),
    ]


def misaligned_views() -> list[Panel]:
    """Two scans of one shape, one of them moved."""
    moved = kettle() + np.where(np.arange(8000) % 2, 0.03, 0.0)[:, None] * (1.0, 0.4, 0.2)
    return [
        ("one view moved by 3%", moved),
        ("between the two", surface(moved)),
        ("views aligned", kettle_surface().mesh(resolution=128)),
    ]


def coarse_grid() -> list[Panel]:
    """One field, meshed on two grids."""
    field = kettle_surface()
    return [(f"--resolution {nodes}", field.mesh(resolution=nodes)) for nodes in (24, 64, 256)]


def mixed_units() -> list[Panel]:
    """One shape in two units."""
    vertices, faces = kettle_surface().mesh(resolution=128)
    return [
        ("truth, mm", (10 * vertices, faces)),
        ("surface, cm", (vertices, faces)),
        ("10 times that", (10 * vertices, faces)),
    ]


FAILURES: dict[str, Callable[[], list[Panel]]] = {
    "thin-wall": thin_wall,
    "closed-terrain": closed_terrain,
    "inside-out": inside_out,
    "stray-group": stray_group,
    "misaligned-views": misaligned_views,
    "coarse-grid": coarse_grid,
    "mixed-units": mixed_units,
}

if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or FAILURES:
        panels = [(text, tuple(shape) if isinstance(shape, data.Mesh) else shape) for text, shape in FAILURES[name]()]
        report.shape_strip(panels, path=IMAGES / f"{name}.png", size=260)
        print(name, flush=True)
