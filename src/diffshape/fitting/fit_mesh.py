"""From a mesh to a small neural distance field."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_budget
from diffshape.fields.config import FieldConfig
from diffshape.fitting.fit import Fit
from diffshape.fitting.methods.config import MeshMethodConfig, method_of
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.presets import MESH_PRESETS
from diffshape.fitting.result import FitResult
from diffshape.fitting.run import Observer, run_fit
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress
from diffshape.training.run_folder import refuse_begun
from diffshape.training.run_settings import steps_or


@checked
def fit_mesh(
    mesh: Any,
    method: Supervised | None = None,
    field: FieldConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    resolution: int | None = None,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> FitResult:
    """Encode a mesh as a neural distance field: small, fast to query anywhere, negative inside.

    Args:
        mesh: A ``trimesh.Trimesh``, the path of a mesh file, or (vertices, faces), in any unit and place. Holes and
            flipped faces are handled, for the generalised winding number decides what is inside; ``result.notes`` says
            what was unusual.
        method: Loss and sampling; ``Supervised()`` if not given.
        field: Settings of the field; the hash grid ``fields.HASH_GRIDS["small"]`` (1.7 MB) if not given. A grid's box
            should hold [-1, 1]^3: the fit works where the mesh's longest side is 2.
        steps: Optimiser steps; with them a fit is deterministic on one CPU with one number of threads.
            2000 unless ``seconds`` is given.
        seconds: Wall-clock budget of optimisation and true distances, to which the schedule is laid out. It begins
            when the mesh is read and all is compiled, which takes half a minute or so the very first time.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one. On the CPU,
            while a small grid learns, PyTorch keeps to one thread in this process, and another computes true distances.
        seed: Seed of weights and samples.
        resolution: Grid nodes along the side of the box in which ``result.mesh()`` looks for the surface.
        folder: Keep a log and checkpoints here; :func:`resume_fit` goes on with a fit that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A :class:`FitResult`: ``query(points)``, ``mesh()``, ``export(path)``, ``save(folder)``. How good it is,
        :func:`score_field` tells.

    Raises:
        ValueError: This is no mesh, a setting does not fit, the folder already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Mueller, Evans, Schied, Keller, Instant NGP, SIGGRAPH 2022.

    >>> from diffshape.data import icosphere
    >>> result = fit_mesh(icosphere(3), steps=60)
    >>> inside, outside = result.query(torch.tensor([[0.0, 0.0, 0.3], [0.0, 0.0, 0.7]]))
    >>> bool(inside < 0 < outside)
    True
    """
    check_budget("fit_mesh", steps=steps, seconds=seconds, seed=seed)
    chosen = chosen_device(device, argument="fit_mesh: device")
    refuse_begun(folder)
    settings = mesh_settings(method or Supervised(), field, steps=steps, seconds=seconds, seed=seed)
    settings = replace(settings, resolution=resolution)
    with with_progress(f"fit_mesh on {chosen}", progress, observers) as heard:
        return run_fit(begin_mesh(mesh, settings), folder, device=chosen, observers=heard)


def mesh_settings(
    method: Supervised, field: FieldConfig | None, *, steps: int | None, seconds: float | None, seed: int
) -> FitSettings:
    """The settings of a fit to a mesh, with what is not given as the standard preset has it."""
    standard = MESH_PRESETS["standard"]
    steps = steps_or(standard.steps, steps, seconds)
    return FitSettings(method=method, field=field or standard.field, steps=steps, seconds=seconds, seed=seed)


def begin_mesh(mesh: Any, settings: FitSettings) -> Fit[MeshTarget]:
    """A fit to a mesh, ready to run.

    Raises:
        ValueError: This is no mesh, or the method does not fit meshes.
    """
    target = MeshTarget.of(mesh, method_of(MeshMethodConfig, settings.method).normalization)
    return Fit(
        settings=settings,
        frame=target.distance.frame,
        target=target,
        notes=target.distance.notes,
        as_torch=isinstance(mesh, (tuple, list)) and isinstance(mesh[0], Tensor),
    )
