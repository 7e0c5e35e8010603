"""The scans of a comparison: their names, noise and true surfaces, and noisy copies of clean ones."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffshape.data import Frame, read_points, write_points

_NUMBER = re.compile(r"[_-](?:noise[_-]?)?(\d*\.?\d+)$")
"""Noise at the end of a name, as in spot_0.005 and spot-noise-0.005."""
_MESHES = (".ply", ".obj", ".off", ".stl", ".glb")
"""Suffixes of files that may be true surfaces."""


@dataclass(frozen=True, kw_only=True)
class ComparedScan:
    """A scan that every method of a comparison fits."""

    name: str
    """Name of the scan, which no other of the comparison has."""
    path: Path
    """File of its points, or of a mesh from which points are drawn."""
    truth: Path | None = None
    """File of its true surface."""
    noise: float | None = None
    """Noise, as a share of the longest side; None: unknown."""
    added: float = 0.0
    """Standard deviation of the noise that is added to the points, as a share of the longest side."""


def compared_scans(paths: Sequence[Path], truth: Path | None, noises: Sequence[float] = ()) -> tuple[ComparedScan, ...]:
    """The scans of a comparison, each at every noise.

    A noise at the end of a file's name, such as that of spot_0.005.ply, is that of its scan. In a folder of true
    surfaces, that of a scan has its name, or the longest beginning of it that ends before one of the marks - _ and dot:
    spot.ply is the truth of spot_0.005.ply.

    Args:
        paths: Files of the scans.
        truth: The true surface of all of them, or a folder of true surfaces; None: there is none.
        noises: Noises that are added to the scans, which should be clean; empty: the scans are taken as they are.

    Raises:
        ValueError: Two scans have one name, or a folder has no true surface for a scan.

    >>> [scan.name for scan in compared_scans([Path("spot.ply")], None, [0, 0.005])]
    ['spot_0', 'spot_0.005']
    >>> compared_scans([Path("spot_0.005.ply")], None)[0].noise
    0.005
    """
    found = []
    for path in paths:
        written, surface = _NUMBER.search(path.stem), truth_of(path, truth)
        if not noises:
            noise = float(written[1]) if written else None
            found.append(ComparedScan(name=path.stem, path=path, truth=surface, noise=noise))
        found += [
            ComparedScan(name=f"{path.stem}_{noise:g}", path=path, truth=surface, noise=noise, added=noise)
            for noise in noises
        ]
    names = [scan.name for scan in found]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two scans are called {repeated[0]}; give files of different names")
    return tuple(found)


def with_noise(scan: ComparedScan, folder: Path, *, max_points: int | None, seed: int) -> Path:
    """The file of the scan's points; if noise is to be added, a new one in the folder, with points and nothing else.

    p + noise L N(0, I), L the longest side. The same seed draws the same directions at every noise.

    Raises:
        FileNotFoundError, ReadError: The scan is not there or not what it should be.
    """
    if not scan.added:
        return scan.path
    path = folder / f"{scan.name}.ply"
    if not path.is_file():
        points = read_points(scan.path, max_points=max_points, seed=seed).points
        draws = np.random.default_rng(seed).standard_normal(points.shape)
        write_points(path, points + scan.added * Frame.of(points).scale * draws)
    return path


def truth_of(path: Path, truth: Path | None) -> Path | None:
    """The file of the true surface of a scan.

    Args:
        path: The scan.
        truth: The true surface, or a folder of true surfaces, in which that of the scan has its name or the beginning
            of it; None: there is none.

    Raises:
        ValueError: The folder has none for the scan.
    """
    if truth is None or not truth.is_dir():
        return truth
    there = {file.stem: file for file in sorted(truth.iterdir()) if file.suffix.lower() in _MESHES}
    stem = path.stem
    while stem not in there:
        shorter = re.sub(r"[-_.][^-_.]*$", "", stem)
        if shorter == stem:
            raise ValueError(f"{truth} has no true surface for {path.name}, such as {path.stem}.ply")
        stem = shorter
    return there[stem]
