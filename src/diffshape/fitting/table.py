"""How good, how fast and how large the fields of many meshes are: a line for each, and the means."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

import torch

from diffshape._arguments import checked
from diffshape._bounds import LARGEST_RUN_SEED, check_fits, check_whole
from diffshape._reprs import one_line
from diffshape.fitting.result import FitResult
from diffshape.fitting.score import score_field

_ROUNDS = 3
"""Rounds that a query is timed for."""
_HEAD = {
    "f1_surface": ("F1 surface", 1, ".4f"),
    "f1_volume": ("F1 volume", 1, ".4f"),
    "mae_surface": ("MAE surface e-3", 1e3, ".3f"),
    "mae_volume": ("MAE volume e-3", 1e3, ".3f"),
    "iou": ("IoU", 1, ".4f"),
    "steps": ("steps", 1, ".0f"),
    "seconds": ("time s", 1, ".2f"),
    "query_seconds": ("query ms", 1e3, ".2f"),
    "parameters": ("parameters", 1, ",.0f"),
    "megabytes": ("memory MB", 1, ".2f"),
}


@dataclass(frozen=True, kw_only=True)
class FitRow:
    """One field; lengths in the frame, where the longest side of the mesh is 2."""

    name: str
    """Name of the object."""
    f1_surface: float
    """F1 score of the signs at points near the surface, as in ``metrics.FieldScore``."""
    f1_volume: float
    """F1 score of the signs at points anywhere in the volume."""
    mae_surface: float
    """Mean absolute error of distances at points near the surface."""
    mae_volume: float
    """Mean absolute error of distances at points anywhere in the volume."""
    iou: float
    """Intersection over union of the insides, 0 to 1."""
    steps: int
    """Optimiser steps."""
    seconds: float
    """Seconds of training; of many fits at once, its share of them."""
    query_seconds: float
    """Seconds for the queries of the table, the median of three."""
    parameters: int
    """Numbers that the field consists of."""
    megabytes: float
    """Size of the field's numbers, in 10^6 bytes."""

    __repr__ = one_line


@dataclass(frozen=True)
class FitTable:
    """Rows of fits; its ``str`` is a table with the means in the last line.

    >>> row = {"f1_surface": 0.98, "f1_volume": 0.99, "mae_surface": 5e-4, "mae_volume": 2e-3, "iou": 0.97}
    >>> row |= {"steps": 500, "seconds": 3.0, "query_seconds": 0.1, "parameters": 430_000, "megabytes": 1.7}
    >>> table = FitTable((FitRow(name="cup", **row), FitRow(name="jug", **row | {"f1_surface": 0.96})))
    >>> print("\\n".join(line[:30] for line in str(table).splitlines()))
    object  F1 surface  F1 volume
    cup         0.9800     0.9900
    jug         0.9600     0.9900
    mean        0.9700     0.9900
    """

    rows: tuple[FitRow, ...]

    __repr__ = one_line

    def to_rows(self) -> list[dict[str, str | float | int]]:
        """Plain values under the names of :class:`FitRow`, ready for ``csv.DictWriter``; without the means."""
        return [asdict(row) for row in self.rows]

    def means(self) -> dict[str, float]:
        """The mean of every column of numbers."""
        return {name: statistics.fmean(getattr(row, name) for row in self.rows) for name in _HEAD}

    def __str__(self) -> str:
        lines = [["object", *(title for title, _, _ in _HEAD.values())]]
        for name, values in [*((row.name, asdict(row)) for row in self.rows), ("mean", self.means())]:
            lines.append([name, *(format(values[key] * unit, form) for key, (_, unit, form) in _HEAD.items())])
        widths = [max(len(cell) for cell in column) for column in zip(*lines)]
        return "\n".join(
            "  ".join([cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:]))])
            for cells in lines
        )


@checked
def tabulate_fits(
    results: Sequence[FitResult],
    names: Sequence[str] | None = None,
    *,
    samples: int = 500_000,
    queries: int = 500_000,
    seed: int = 0,
) -> FitTable:
    """Score and time the fields of meshes.

    Args:
        results: What ``fit_meshes`` or ``fit_mesh`` gave, at least one.
        names: Of the objects, one each; their places 0, 1... if not given.
        samples: Points near the surface and as many of the volume, unseen in training, as :func:`score_field` takes.
        queries: Points uniform in [-1, 1]^3 at which each field is timed, on its own device, the transfer left out.
        seed: Of all points.

    Raises:
        ValueError: There is no result, one is not of a mesh, or there are more or fewer names.
    """
    names = [str(place) for place in range(len(results))] if names is None else names
    if not results or len(names) != len(results):
        raise ValueError(
            f"tabulate_fits: results must be one or more and names one for each, got {len(results)} and {len(names)}"
        )
    check_fits("tabulate_fits: samples", samples, 400)
    check_fits("tabulate_fits: queries", queries, 100)
    check_whole("tabulate_fits: seed", seed, 0, LARGEST_RUN_SEED)
    points = torch.rand(queries, 3, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return FitTable(tuple(_row(name, result, points, samples, seed) for name, result in zip(names, results)))


def _row(name: str, result: FitResult, points: torch.Tensor, samples: int, seed: int) -> FitRow:
    score = score_field(result, samples=samples, resolution=None, seed=seed)
    parameters = list(result.field.parameters())
    return FitRow(
        name=name,
        f1_surface=score.f1_near,
        f1_volume=score.f1_volume,
        mae_surface=score.mae_near,
        mae_volume=score.mae_volume,
        iou=score.iou,
        steps=result.step,
        seconds=result.seconds,
        query_seconds=_query_seconds(result, points.to(parameters[0])),
        parameters=sum(each.numel() for each in parameters),
        megabytes=sum(each.nbytes for each in parameters) / 1e6,
    )


def _query_seconds(result: FitResult, points: torch.Tensor) -> float:
    """The median of some rounds after one to warm up, the device waited for."""
    times = []
    for _ in range(1 + _ROUNDS):
        _wait(points)
        start = perf_counter()
        result.field.query(points)
        _wait(points)
        times.append(perf_counter() - start)
    return statistics.median(times[1:])


def _wait(points: torch.Tensor) -> None:
    if points.is_cuda:
        torch.cuda.synchronize(points.device)
