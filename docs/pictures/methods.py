"""The pictures of docs/methods.md: one scan of the kettle, fitted by each method from the start of its field.

Left, the surface; right, the values of the field on the plane through handle and spout: lines every 0.05 of the longest
side, the zero level black, inside red, outside blue. Prints a row of the table for each. Ten minutes on two cores.

python docs/pictures/methods.py            all pictures
python docs/pictures/methods.py igr digs   some of them
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from diffshape import data, fitting, metrics, report
from diffshape.fitting.methods.config import ScanMethodConfig, method_of
from diffshape.fitting.presets import SCAN_PRESETS

IMAGES = Path(__file__).resolve().parents[1] / "images"
SIZE, RESOLUTION, FAR = 320, 192, 0.02
GRID = fitting.preset("standard", "neural-pull").field
"""Hash grid of DiffCD, whose preset leaves the field open."""
PICTURES: dict[str, tuple[str, dict[str, str]]] = {name: (name, {}) for name in SCAN_PRESETS}
PICTURES |= {"siren": ("siren", {"normals": "estimated"}), "igr-without-normals": ("igr", {"normals": "none"})}
"""Method of each picture, and what is changed in its settings."""


def fit(name: str, points: np.ndarray) -> fitting.FitResult:
    """The standard preset of a method with the changes of a picture, on the points as they are."""
    kind, changes = PICTURES[name]
    settings = fitting.preset("standard", kind)
    method = replace(method_of(ScanMethodConfig, settings.method).unprepared(), **changes)
    return fitting.fit_points(points, method, settings.field or GRID, steps=settings.steps, progress=True)


def plane(result: fitting.FitResult, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The field on the plane y = 0, as a picture (SIZE, SIZE, 3)."""
    side, middle = 1.1 * (high - low).max(), (low + high) / 2
    steps = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    across, up = np.meshgrid(middle[0] + side * steps, middle[2] - side * steps)
    places = np.stack([across, np.zeros_like(across), up], axis=-1)
    values = np.asarray(result.query(places)) / (high - low).max()
    tone = np.clip(np.abs(values) / 0.3, 0, 1)[..., None]
    hue = np.where(values[..., None] < 0, (0.85, 0.42, 0.30), (0.36, 0.55, 0.80))
    image = 1 - tone * (1 - hue)
    image = np.where(edges(np.floor(values / 0.05))[..., None], 0.8 * image, image)
    image = np.where(edges(values < 0, wide=True)[..., None], 0, image)
    return (255 * image).astype(np.uint8)


def edges(regions: np.ndarray, wide: bool = False) -> np.ndarray:
    """Where a region meets another one, to the right or below; ``wide``: to the left or above as well."""
    changed = np.zeros(regions.shape, bool)
    for axis in (0, 1):
        differs = regions != np.roll(regions, -1, axis)
        changed |= differs | (np.roll(differs, 1, axis) if wide else False)
    changed[[0, -1]] = changed[:, [0, -1]] = False
    return changed


def print_row(title: str, result: fitting.FitResult, points: np.ndarray, truth: data.Mesh) -> None:
    """Chamfer distance, angle of the normals, and the share of the surface that is far from the points."""
    mesh, side = result.mesh(resolution=RESOLUTION), (points.max(axis=0) - points.min(axis=0)).max()
    score, far = metrics.compare_surfaces(mesh, truth), metrics.spurious_share(mesh, points, FAR * side, unit="input")
    print(f"| {title} | {1000 * score.chamfer / side:.2f} | {score.normal_deg:.1f} | {100 * far:.1f} % |", flush=True)


def draw(name: str, points: np.ndarray, truth: data.Mesh) -> None:
    """The picture of a method, and its row."""
    low, high = points.min(axis=0), points.max(axis=0)
    result = fit(name, points)
    surface = report.preview(*result.mesh(resolution=RESOLUTION), size=SIZE, bounds=(low.tolist(), high.tolist()))
    title = f"{type(result.settings.method).__name__}{', no normals' if name == 'igr-without-normals' else ''}"
    panels = [(title, surface), ("f on a plane", plane(result, low, high))]
    report.gallery([panels], path=IMAGES / f"method-{name}.png")
    print_row(title, result, points, truth)


if __name__ == "__main__":
    truth = data.procedural_object("kettle").mesh()
    points = data.simulate_scan(truth, 20_000, noise=0.002)
    for name in sys.argv[1:] or PICTURES:
        draw(name, points, truth)
    print_row("closed form, prepared", fitting.fit_points(points), points, truth)
