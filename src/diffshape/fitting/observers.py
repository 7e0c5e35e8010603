"""Observers of a fit that see its field: surfaces and scores along the way, and the points that it draws from.

They change no bit of a fit, and their time counts neither in its budget nor in its seconds.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from diffshape._arguments import checked
from diffshape._bounds import check_resolution, check_whole
from diffshape._files import atomic_path
from diffshape.data import Mesh, as_mesh, write_mesh
from diffshape.fields import Field
from diffshape.fitting.fit import Fit
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.result import FitResult
from diffshape.metrics import SurfaceScore, compare_surfaces
from diffshape.training.log import CsvTable
from diffshape.training.loop import StepReport, UntimedObserver

MESHES = "meshes"
"""Folder, in that of a fit, of the surfaces along the way."""
EVAL_METRICS = "eval_metrics.csv"
"""File, in the folder of a fit, of the scores along the way."""
TRAIN_POINTS, LOCAL_SIGMA = "train_points.npy", "local_sigma.npy"
"""Files, in the folder of a fit, of the points that it draws, and of the width of the samples around each."""
Listener = Callable[[int, Mapping[str, float]], None]
"""A function that is told numbers by name, and the step that they are of, as ``TensorBoardLog.write`` is."""


class FitObserver(UntimedObserver):
    """Base of observers that see the field of a fit; ``fit_points``, ``fit_mesh`` and ``resume_fit`` take them.

    A subclass has ``__call__``, which is called after each step with a ``training.StepReport``.
    """

    def begin(self, fit: Fit, task: FitTask, folder: Path | None) -> None:
        """Look at a fit before its first step, or before it goes on.

        Args:
            fit: Settings, frame and target.
            task: Its training, with the ``field``.
            folder: The run folder; None if the fit has none.
        """
        raise NotImplementedError(f"{type(self).__name__} must define begin(fit, task, folder)")

    def __call__(self, report: StepReport) -> None:
        """Hear of a step; by default nothing is done."""


class Snapshots(FitObserver):
    """Surfaces of a fit along the way, written to its folder and scored.

    A surface is that of ``FitResult.mesh()`` at the step. Meshes are ``meshes/step_000500.ply``, scores rows of
    eval_metrics.csv: step, seconds, and the numbers of ``metrics.compare_surfaces``, which ``training.read_log`` reads.
    A fit that is resumed makes the same files, with each step once. A full disk is a warning, given once.

    Args:
        mesh_every: Number of steps from one mesh to the next; the last step of a budget has one too. None: no meshes.
        eval_every: Number of steps from one score to the next; the last step of a budget has one too. None: no scores.
        truth: True surface, in the coordinates of the input: the path of a mesh, a ``trimesh.Trimesh``, or (vertices,
            faces). Scores need it.
        resolution: Grid nodes along the side of the box of a mesh; those of the fit if None.
        listener: Function that is told every score as well, such as ``TensorBoardLog(...).write``.

    Raises:
        ValueError: Nothing is to be written, scores have no truth, or a number is out of range.

    >>> import numpy as np
    >>> from tempfile import TemporaryDirectory
    >>> from diffshape import data, fields, fitting, training
    >>> ball = data.icosphere(3)
    >>> watch = fitting.Snapshots(mesh_every=20, eval_every=10, truth=ball, resolution=32)
    >>> with TemporaryDirectory() as folder:
    ...     _ = fitting.fit_points(ball.vertices, field=fields.HashGridConfig(), steps=20, folder=folder,
    ...                            observers=[watch])
    ...     print([path.name for path in Path(folder, "meshes").iterdir()])
    ...     print(training.read_log(Path(folder, "eval_metrics.csv"))["step"])
    ['step_000020.ply']
    [10. 20.]
    """

    @checked
    def __init__(
        self,
        *,
        mesh_every: int | None = None,
        eval_every: int | None = None,
        truth: Any = None,
        resolution: int | None = None,
        listener: Listener | None = None,
    ) -> None:
        for name, every in (("mesh_every", mesh_every), ("eval_every", eval_every)):
            if every is not None:
                check_whole(f"Snapshots: {name}", every, 1)
        if mesh_every is None and eval_every is None:
            raise ValueError("Snapshots: give mesh_every, eval_every or both")
        if eval_every is not None and truth is None:
            raise ValueError("Snapshots: eval_every needs truth, the true surface to score against")
        if resolution is not None:
            check_resolution("Snapshots: resolution", resolution, 16)
        self.mesh_every, self.eval_every, self.resolution, self.listener = mesh_every, eval_every, resolution, listener
        self.truth = None if truth is None else as_mesh(truth)
        self._fit: Fit | None = None
        self._warned = False

    def begin(self, fit: Fit, task: FitTask, folder: Path | None) -> None:
        """Take the fit, its field and its folder.

        Raises:
            ValueError: There is no folder.
        """
        self._fit, self._field, self._folder = replace(fit, as_torch=False), task.field, _needed("Snapshots", folder)
        self._scores = CsvTable(self._folder / EVAL_METRICS)

    def __call__(self, report: StepReport) -> None:
        """Mesh the field if a mesh or a score is due."""
        wanted, scored = (_is_due(every, report) for every in (self.mesh_every, self.eval_every))
        if not (wanted or scored):
            return
        mesh = self._surface(report)
        if wanted and len(mesh.faces):
            self._write(report.step, mesh)
        if scored and self.truth is not None:
            self._score(report, compare_surfaces((mesh.vertices, mesh.faces), self.truth))

    def _surface(self, report: StepReport) -> Mesh:
        if self._fit is None:
            raise ValueError("Snapshots: give it to fit_points, fit_mesh or resume_fit, among the observers")
        with result_so_far(self._fit, self._field, report) as result:
            return result.mesh(self.resolution)

    def _write(self, step: int, mesh: Mesh) -> None:
        path = self._folder / MESHES / f"step_{step:06d}.ply"
        try:
            write_mesh(path, mesh)
        except OSError as error:
            if not self._warned:
                warnings.warn(f"Snapshots: no mesh of step {step}, the fit goes on: {error}", stacklevel=2)
            self._warned = True

    def _score(self, report: StepReport, score: SurfaceScore) -> None:
        numbers = {name: float(value) for name, value in score.to_dict().items() if value is not None}
        row = {"step": str(report.step), "seconds": f"{report.seconds:.3f}"}
        self._scores.add(row | {name: f"{numbers[name]:.8g}" if name in numbers else "" for name in score.to_dict()})
        if self.listener is not None:
            self.listener(report.step, {f"eval/{name}": number for name, number in numbers.items()})


class KeptSamples(FitObserver):
    """Points that a fit of a scan draws in its steps, written to its folder as NumPy arrays before the first step.

    train_points.npy holds the points of the scan as the fit has them, (N, 3), in the unit frame; local_sigma.npy, where
    the method samples around them, the standard deviation of the samples around each, (N,).
    """

    def begin(self, fit: Fit, task: FitTask, folder: Path | None) -> None:
        """Write the files.

        Raises:
            ValueError: There is no folder.
            OSError: They cannot be written.
        """
        folder = _needed("KeptSamples", folder)
        arrays = {TRAIN_POINTS: fit.target.points, LOCAL_SIGMA: task.spread}
        for name, array in arrays.items():
            if array is not None:
                with atomic_path(folder / name) as temporary:
                    np.save(temporary, array.numpy(), allow_pickle=False)


@contextmanager
def result_so_far(fit: Fit, field: Field, report: StepReport) -> Iterator[FitResult]:
    """The result of a fit as it is after a step, while entered; the field goes on in the mode in which it was."""
    training = field.training
    try:
        yield FitResult(field=field, fit=fit, step=report.step, seconds=report.seconds, interrupted=True)
    finally:
        field.train(training)


def _is_due(every: int | None, report: StepReport) -> bool:
    return every is not None and (report.step % every == 0 or report.progress >= 1)


def _needed(name: str, folder: Path | None) -> Path:
    if folder is None:
        raise ValueError(f"{name}: the fit has no folder to write to; give it folder=")
    return folder
