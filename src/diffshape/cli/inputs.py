"""What a fit is fed and scored with, read before it starts and remembered for its resumption."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Mesh, atomic_path, read_mesh, read_points

_FILE = "inputs.json"


@dataclass(frozen=True)
class Inputs:
    """The scan of a fit and the surface it is scored against."""

    path: Path
    points: NDArray[np.float64]
    notes: tuple[str, ...]
    truth_path: Path | None
    truth: Mesh | None
    max_points: int | None
    seed: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def remember(self, folder: Path) -> None:
        """Write into the run folder where the inputs came from."""
        content = {
            "points": str(self.path.resolve()),
            "truth": str(self.truth_path.resolve()) if self.truth_path else None,
            "max_points": self.max_points,
            "seed": self.seed,
            "notes": list(self.notes),
        }
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n")


def read_inputs(points: Path, truth: Path | None, *, max_points: int | None, seed: int) -> Inputs:
    """Read the truth first, which is quick to fail, then the scan.

    Raises:
        FileNotFoundError, ReadError: A file is not there or not what it should be.
    """
    mesh = read_mesh(truth) if truth is not None else None
    cloud = read_points(points, max_points=max_points, seed=seed)
    notes = (f"{points}: {len(cloud):,} points.", *cloud.notes)
    return Inputs(points, cloud.points, notes, truth, mesh, max_points, seed)


def remembered_inputs(folder: Path, *, truth: Path | None) -> Inputs:
    """The inputs of a run, to draw and score it; the points it was fitted to if its file is no longer there."""
    content = _remembered(folder)
    path = Path(content.get("points") or "scan")
    given = truth or (Path(content["truth"]) if content.get("truth") else None)
    max_points, seed = content.get("max_points"), int(content.get("seed", 0))
    if path.is_file():
        return read_inputs(path, given, max_points=max_points, seed=seed)
    mesh = read_mesh(given) if given is not None else None
    note = f"{path} is no longer there; the picture shows the cleaned points of the run."
    return Inputs(path, _fitted_points(folder), (note,), given, mesh, max_points, seed)


def _remembered(folder: Path) -> dict:
    path = folder / _FILE
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); remove it to go on without it") from error


def _fitted_points(folder: Path) -> NDArray[np.float64]:
    from diffshape.fitting.run_folder import RunFolder

    fit = RunFolder(folder).read()
    return fit.frame.from_unit(fit.target.points.double().numpy())
