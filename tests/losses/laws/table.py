"""Table of all public losses: how each is called, and which laws hold for it with what factor."""

from losses.laws.row import Row
from losses.laws.rows import grids, implicit, landmarks, meshes, points

ROWS: dict[str, Row] = {**points.ROWS, **meshes.ROWS, **implicit.ROWS, **landmarks.ROWS, **grids.ROWS}
NO_LOSSES = {
    "ChamferPoints": "a result",
    "ChamferWithNormals": "a result",
    "ImplicitDistance": "a result",
    "LossTerms": "a result",
    "Skeleton": "names of landmarks",
    "StructureLimits": "settings",
    "TermSchedule": "settings",
}
