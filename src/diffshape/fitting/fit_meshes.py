"""From many meshes to as many small neural distance fields, all at once."""

from collections.abc import Sequence
from functools import partial
from os import PathLike
from typing import Any

import torch

from diffshape._arguments import checked
from diffshape._bounds import check_budget
from diffshape.fields.config import HashGridConfig
from diffshape.fields.hash_grid_stack import HashGridStack
from diffshape.fitting.fit import Fit
from diffshape.fitting.fit_mesh import begin_mesh, mesh_settings
from diffshape.fitting.methods.config import method_of
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.methods.supervised_stack import SupervisedStackTask
from diffshape.fitting.result import FitResult
from diffshape.fitting.run import Observer
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.stop_rule import StopRule
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.fitting.warm_up import warm_up
from diffshape.training import CsvLog
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress
from diffshape.training.run import train_run

_METHOD = Supervised(pool=1 << 18, fresh=384)
"""Default method for many meshes: 4.2 MB of points of each; the million of a single fit is 800 MB for fifty meshes."""


@checked
def fit_meshes(
    meshes: Sequence[Any],
    method: Supervised | None = None,
    field: HashGridConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    stop: StopRule | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> list[FitResult]:
    """Encode many meshes at once, each as a neural distance field of its own; see :func:`fit_mesh` for one.

    With ``steps``, on the CPU, each result has the bits that ``fit_mesh`` gives for its mesh with that method, field,
    steps and seed: it depends neither on the other meshes nor on its place. All start from the same weights, therefore.

    Args:
        meshes: As ``fit_mesh`` takes them.
        method: Loss and sampling; ``Supervised(pool=262_144, fresh=384)`` if not given: a quarter of the points that
            ``fit_mesh`` keeps, and half as many new ones a step.
        field: Settings of the fields; ``fields.HASH_GRIDS["small"]`` if not given. For other fields call ``fit_mesh``.
        steps: Optimiser steps of each; 2000 unless ``seconds`` is given.
        seconds: Wall-clock budget for all together.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights and samples.
        stop: When a mesh has been learned well enough: its field then stays as it is, and costs nothing more.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``; its loss is the sum over what still learns.

    Returns:
        A :class:`FitResult` for each mesh, in their order; ``step`` and ``seconds`` are its own until it stopped, a
        step's seconds being divided among those that took it. :func:`tabulate_fits` scores them. No folder is kept
        along the way: ``result.save(folder)`` writes one, and Ctrl-C returns what there is.

    Raises:
        ValueError: Some are no meshes: all of these are named, before anything is trained. Or a setting does not fit,
            or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    >>> from diffshape.data import box_mesh, icosphere
    >>> ball, box = fit_meshes([icosphere(3), box_mesh(4)], Supervised(pool=20_000), steps=60)
    >>> ball.query(torch.tensor([0.0, 0.0, 0.3])) < 0, box.query(torch.tensor([0.0, 0.0, 0.7])) > 0
    (tensor(True), tensor(True))
    """
    check_budget("fit_meshes", steps=steps, seconds=seconds, seed=seed)
    if field is not None and not isinstance(field, HashGridConfig):
        raise ValueError(
            f"fit_meshes: field must be a HashGridConfig, got {type(field).__name__}; fit others by fit_mesh"
        )
    chosen = chosen_device(device, argument="fit_meshes: device")
    method = method or _METHOD
    settings = mesh_settings(method, field, steps=steps, seconds=seconds, seed=seed)
    with with_progress(f"fit_meshes on {chosen}", progress, observers) as heard:
        return run_together(_begin_all(meshes, settings), stop, device=chosen, observers=heard)


def _begin_all(meshes: Sequence[Any], settings: FitSettings) -> list[Fit[MeshTarget]]:
    """A fit for every mesh, or one error that names all inputs that are not meshes."""
    fits, wrong = [], []
    for place, mesh in enumerate(meshes):
        try:
            fits.append(begin_mesh(mesh, settings))
        except (ValueError, OSError) as error:  # noqa: PERF203
            name = f" ({mesh})" if isinstance(mesh, (str, PathLike)) else ""
            wrong.append(f"meshes[{place}]{name}: {error}")
    if wrong:
        raise ValueError(f"fit_meshes: {len(wrong)} of {len(meshes)} meshes cannot be fitted. " + "; ".join(wrong))
    if not fits:
        raise ValueError("fit_meshes: meshes must hold at least one mesh, got none")
    return fits


def run_together(
    fits: Sequence[Fit[MeshTarget]],
    stop: StopRule | None = None,
    *,
    device: torch.device,
    observers: Sequence[Observer] = (),
    logs: Sequence[CsvLog] = (),
) -> list[FitResult]:
    """Run fits of one and the same settings in one program.

    Args:
        fits: The fits, ready to run, of hash grids to meshes.
        stop: When one of them has learned enough.
        device: Where to compute.
        observers: Called after each step of all.
        logs: The log of each fit, which gets the steps of that one; none if empty.

    Raises:
        TrainingError: The loss was not finite in 10 steps in a row.
    """
    settings = fits[0].settings
    method = method_of(Supervised, settings.method)
    if settings.seconds is not None:
        warm_up(fits[0], device)
    fields = [fit.new_field() for fit in fits]
    stack = HashGridStack(fields).to(device)  # type: ignore[arg-type]
    distances = [fit.target.distance for fit in fits]
    task = SupervisedStackTask(stack, distances, method, stop, seed=settings.seed)
    outcome = train_run(task, settings, None, observers=[task.observe, partial(task.write_to, logs), *observers])
    return [
        FitResult(
            field=own,
            fit=fit,
            step=progress.step,
            seconds=progress.seconds,
            interrupted=outcome.interrupted and place in task.active,
        )
        for place, (own, fit, progress) in enumerate(zip(fields, fits, task.progress))
    ]
