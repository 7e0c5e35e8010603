"""From unoriented points to a surface."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_budget
from diffshape.data import Frame, PointCloud, clean_points
from diffshape.data.points import dimensions
from diffshape.fields.config import DistanceGridConfig, FieldConfig, HashGridConfig
from diffshape.fitting.fit import Fit
from diffshape.fitting.methods.config import MethodConfig, Normals, ScanMethodConfig, method_of
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.table import ScanMethod, name_of
from diffshape.fitting.presets import preset
from diffshape.fitting.result import FitResult
from diffshape.fitting.run import Observer, run_fit
from diffshape.fitting.scans.averaging import averaged
from diffshape.fitting.scans.config import ScanConfig
from diffshape.fitting.scans.orientation import trust_in
from diffshape.fitting.scans.prepare import prepare_scan
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.surface.measured_points import MeasuredPoints
from diffshape.fitting.targets.scan_target import ScanTarget, prepared_target, raw_target
from diffshape.ops import estimate_normals, orient_points
from diffshape.ops.distance_grid.levels import REACH
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress
from diffshape.training.run_folder import refuse_begun
from diffshape.training.run_settings import steps_or

MAX_POINTS = 100_000
"""Points to which a larger scan is thinned."""
BLOCK = 1 << 18
"""Number of points of a larger scan that are looked at at a time."""
FINEST = 640
"""Largest number of cells along the side of the box."""
MOST_NODES = 1_000_000
"""Largest number of nodes of the finest level, about, which bounds time and memory."""
_AVERAGED = "the others were averaged into them, which lessens the noise"
_GIVEN_TAKEN = "the normals of the scan tell its outside"
_UNSURE = "no inside could be told from the points; the estimated normals may point to either side"
_GIVEN_LEFT = "the normals of the scan do not agree with one another or with its points; sides are told anew"


@checked
def fit_points(
    points: Any,
    method: ScanMethod | None = None,
    field: FieldConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    resolution: int | None = None,
    open: bool = False,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> FitResult:
    """Fit a neural distance field to noisy points, with or without normals: the surface is where it is 0.

    Args:
        points: (N, 3) array, NumPy or torch, N >= 4, in any unit and place; or the path of a file, a ``PointCloud``,
            or a mesh to draw from (see ``diffshape.data.as_points``). Rows that are not finite are dropped, and a
            larger cloud is thinned to 100,000 points at random, into which the others are averaged where there is noise
            and the method prepares its scan; ``result.notes`` says so. Normals that come with the points tell the
            outside if they agree with one another; a published method may use them as they are. Colours and other
            attributes go on to the mesh.
        method: Objective and sampling; ``DiffCD()`` if not given.
        field: Settings of the field; if not given, that of the method's "standard" preset, or a grid matched to the
            spacing and noise of the points where that has none.
        steps: Optimiser steps; with them a fit is deterministic on one CPU with one number of threads.
            Those of the method's "standard" preset, 1800 for DiffCD, if neither they nor ``seconds`` are given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out. It begins when the scan is
            prepared and all is compiled, which takes a minute the very first time.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights and samples.
        resolution: Grid nodes along the side of the box in which ``result.mesh()`` looks for the surface.
        open: The points are of open surfaces (terrains, faces, garments, rooms), not of solids: sides are told along
            the surface, and ``result.mesh()`` has none farther than a few spacings from all points.
        folder: Keep a log and checkpoints here; :func:`resume_fit` goes on with a fit that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A :class:`FitResult`: ``mesh()``, ``query(points)``, ``save(folder)``.

    Raises:
        ValueError: The points are too few, all in one place or on one line, or not (N, 3); a setting does not fit; the
            folder already holds a run; or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Haerenstam-Nielsen et al., DiffCD, ECCV 2024.

    >>> import numpy as np
    >>> directions = np.random.default_rng(0).normal(size=(2000, 3))
    >>> ball = 3 + directions / np.linalg.norm(directions, axis=1, keepdims=True)
    >>> result = fit_points(ball, steps=60)
    >>> bool(result.query(np.array([3.0, 3.0, 3.0])) < 0)
    True
    """
    check_budget("fit_points", steps=steps, seconds=seconds, seed=seed)
    chosen = chosen_device(device, argument="fit_points: device")
    refuse_begun(folder)
    method = method or DiffCD()
    standard = preset("standard", name_of(method))
    settings = FitSettings(
        method=method,
        field=field or standard.field,
        steps=steps_or(standard.steps, steps, seconds),
        seconds=seconds,
        seed=seed,
        resolution=resolution,
        open=open,
    )
    with with_progress(f"fit_points on {chosen}", progress, observers) as heard:
        cloud = clean_points(points, name="fit_points: points")
        fit = begin_scan(cloud, settings, as_torch=isinstance(points, Tensor))
        return run_fit(fit, folder, device=chosen, observers=heard)


def begin_scan(cloud: PointCloud, settings: FitSettings, *, as_torch: bool = False) -> Fit[ScanTarget]:
    """A fit to points, ready to run.

    Args:
        cloud: Finite points, as ``data.clean_points`` gives them.
        settings: Those of the fit; a field that they leave open is matched to the points.
        as_torch: Whether meshes are to be tensors.

    Raises:
        ValueError: All points lie on one line; or a setting does not fit them, such as a method for meshes.
    """
    taken = cloud.subset(MAX_POINTS, seed=settings.seed)
    if dimensions(taken.points) < 2:
        raise ValueError("fit_points: all points lie on one line; there is no surface to fit to them")
    frame = Frame.of(taken.points)
    drawn, method = torch.from_numpy(frame.to_unit(taken.points)), method_of(ScanMethodConfig, settings.method)
    is_thinned = len(taken) == MAX_POINTS < len(cloud)
    if is_thinned and method.scan and method.scan.passes:
        points = averaged(drawn, _in_blocks(cloud.points, frame))
    else:
        points = drawn
    notes = taken.notes if points is drawn else (*taken.notes, _AVERAGED)
    target, measured, remarks = _target(points, taken, method, settings)
    if settings.field is None:
        settings = replace(settings, field=matched_field(target, settings.method))
    return Fit(
        settings=settings,
        frame=frame,
        target=target,
        notes=notes + remarks,
        as_torch=as_torch,
        measured=measured,
    )


def matched_field(target: ScanTarget, method: MethodConfig) -> FieldConfig:
    """The field that suits a target: a distance grid if the method takes a surface in closed form, else a hash grid."""
    settings = method_of(ScanMethodConfig, method)
    if settings.scan and settings.closed_form and target.oriented:
        return matched_grid(target, settings.scan.cell)
    return matched_hash_grid(target)


def matched_grid(target: ScanTarget, cell: float = ScanConfig.cell) -> DistanceGridConfig:
    """A distance grid as fine as the points are dense and exact: cells of ``cell`` spacings, and 0.2 more if points err
    by more than a tenth of a spacing; wider where that were more than `MOST_NODES` nodes."""
    (low, high), spacing, surface = DistanceGridConfig().box, target.spacing.item(), target.surface
    area = len(surface.points) * spacing**2 if target.areas is None else target.areas.sum().item()
    width = max(cell * spacing + min(2 * surface.errors.median().item(), 0.2 * spacing), (high - low) / FINEST)
    while area / width**2 * (4 + 2 * REACH * spacing / width) > MOST_NODES:
        width *= 1.02
    return DistanceGridConfig(cell=(high - low) / max(round((high - low) / width), 32))


def matched_hash_grid(target: ScanTarget) -> HashGridConfig:
    """A hash grid whose finest cells are as wide as what the points resolve: their spacing, and more with noise.

    Its levels begin at an eighth of that: coarser ones would only repeat what the network can do.
    """
    side = HashGridConfig().box[1] - HashGridConfig().box[0]
    cell = max(target.spacing.item() + target.noise.item(), side / 256)
    finest = max(32, int(side / cell))
    return HashGridConfig(finest=finest, base=max(8, finest // 8))


def _in_blocks(points: NDArray[np.float64], frame: Frame) -> Iterator[Tensor]:
    """All points in the unit frame, block by block, which bounds the memory."""
    for start in range(0, len(points), BLOCK):
        yield torch.from_numpy(frame.to_unit(points[start : start + BLOCK]))


def _target(
    points: Tensor, cloud: PointCloud, method: ScanMethodConfig, settings: FitSettings
) -> tuple[ScanTarget, MeasuredPoints, tuple[str, ...]]:
    """The target of a fit, the points that it keeps, and notes on how the cloud became it."""
    given = None if cloud.normals is None else torch.from_numpy(cloud.normals)
    if (config := method.scan) is None:
        normals, notes = _raw_normals(method.raw_normals, points, given)
        return raw_target(points, normals), MeasuredPoints.of(points, cloud.attributes), notes
    scan = prepare_scan(points, config, normals=given, open=settings.open)
    kept = cloud.rows(scan.kept.numpy())
    notes = ()
    if dropped := len(points) - len(scan.kept):
        notes += (f"{dropped:,} points that are outliers or repeated were left out",)
    if given is not None:
        notes += (_GIVEN_TAKEN if scan.given else _GIVEN_LEFT,)
    measured = MeasuredPoints.of(scan.points, kept.attributes, scan.confidence)
    if not (scan.trust.reliable or scan.given or settings.open):  # a fit must not start from such an orientation
        notes += ("no inside could be told from the points; the fit starts from a sphere",)
        return raw_target(points[scan.kept]), measured, notes
    return prepared_target(scan, torch.Generator().manual_seed(settings.seed), open=settings.open), measured, notes


def _raw_normals(wanted: Normals, points: Tensor, given: Tensor | None) -> tuple[Tensor | None, tuple[str, ...]]:
    """Normals of points that are taken as they are, if a method wants them, and notes on them."""
    if wanted != "estimated":
        return (given if wanted == "given" else None), ()
    oriented = orient_points(points, normals=estimate_normals(points))
    trust = trust_in(oriented, oriented.winding(points).volume)
    return oriented.normals, () if trust.reliable else (_UNSURE,)
