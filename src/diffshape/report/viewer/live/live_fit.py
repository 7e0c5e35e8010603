"""A fit in the viewer while it runs.

The browser asks, and the thread of the fit answers between two steps: no field is evaluated while it is trained, and
what surfaces cost is measured and bounded.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffshape.fields import Field
from diffshape.fitting.fit import Fit
from diffshape.fitting.inputs.inputs import Inputs
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.observers import FitObserver, result_so_far
from diffshape.fitting.result import FitResult
from diffshape.report.scene.files import layer_of, surface_of
from diffshape.report.scene.layers import Coloring, Layer, Points, Scene, Surface
from diffshape.report.scene.run import INPUT_MESH, POINTS, SURFACE
from diffshape.report.scene.thinning import thinned
from diffshape.report.viewer.drawing import MOST_FACES, MOST_POINTS
from diffshape.report.viewer.exhibit import Exhibit
from diffshape.report.viewer.live.fit_panel import FitPanel
from diffshape.report.viewer.live.share import Share
from diffshape.report.viewer.opening import run_exhibit
from diffshape.report.viewer.viewer import Viewer
from diffshape.training.loop import StepReport

CLEANED = "cleaned points"
"""Caption of the points that a fit keeps of a scan, without noise."""
SHARE, _LEAST = 0.07, 2.0
"""Largest share of the time of a fit that surfaces take, and the shortest pause between two of them, in seconds; both
of the processor time of the fit's thread, which other programs on the machine do not stretch."""
_PROBED, _NODES = 4096, 100_000
"""Number of points by which the cost of the first surface is estimated, and number of those that take about as long:
that of the nodes near the surface, and as much again for triangles, bodies and confidence."""
_NAP = 0.05
"""Seconds from one look at the panel to the next while the fit is paused."""


class LiveFit(FitObserver):
    """An observer that shows a fit in the viewer, and lets the browser pause and stop it.

    Args:
        viewer: The viewer, without a thread of its own.
        inputs: The input of the fit, which is shown until there is more.
    """

    def __init__(self, viewer: Viewer, inputs: Inputs) -> None:
        self.viewer, self._inputs = viewer, inputs
        self.panel = FitPanel(viewer.server.gui)
        self._share = Share(SHARE, _LEAST)
        self._result: FitResult | None = None
        self._has_surface = False
        given = POINTS if inputs.kind == "scan" else INPUT_MESH
        self._layers: list[Layer] = [
            thinned(layer_of(given, inputs.shape), MOST_POINTS if inputs.kind == "scan" else MOST_FACES)
        ]
        self._show(self._layers)

    def begin(self, fit: Fit, task: FitTask, folder: Path | None) -> None:
        """Show what the fit keeps of the scan, and make room for the surface."""
        self._fit, self._field = fit, task.field
        if fit.measured is not None:
            places = fit.frame.from_unit(fit.measured.points.double().numpy())
            cleaned = thinned(Points(CLEANED, places), MOST_POINTS)
            self._layers = [*(replace(layer, shown=False) for layer in self._layers), cleaned]
        nothing = np.zeros((0, 3)), np.zeros((0, 3), np.int64)
        unknown = {"confidence": Coloring(np.zeros(0), 0.0, 1.0)} if fit.measured is not None else {}
        self.panel.say("the fit begins")
        self._show([*self._layers, Surface(SURFACE, *nothing, colorings=unknown)])
        self._share.begin(time.thread_time(), self._probe(task.field))

    def __call__(self, report: StepReport) -> None:
        """Tell the browser of a step, and do what it asks for."""
        self.panel.hear(report, time.monotonic())
        while True:
            self._answer(report)
            if self.panel.wants_stop:
                report.interrupts.requested = True
            if not self.panel.pause.value or report.interrupts.requested:
                return
            time.sleep(_NAP)

    def finish(self, folder: Path) -> None:
        """Show the finished run in a thread of the viewer's own."""
        exhibit, notes = run_exhibit(folder, self._inputs)
        self.panel.finish("the fit is finished")
        self.viewer.show([exhibit], notes)
        self.viewer.jobs.start()

    def _answer(self, report: StepReport) -> None:
        """Draw the surface if it is wanted or due, and whatever else waits to be drawn."""
        began = time.thread_time()
        wanted = self.panel.wants_surface or (self._share.is_due(began) and bool(self.viewer.server.get_clients()))
        if not (wanted or self.viewer.jobs.waits):
            return
        with result_so_far(self._fit, self._field, report) as self._result:
            if wanted:
                self.panel.wants_surface = False
                self._draw_surface(self._result)
            self.viewer.jobs.work()
        if wanted:
            self._share.done(began, time.thread_time())

    def _draw_surface(self, result: FitResult) -> None:
        try:
            mesh = result.mesh(int(self.panel.resolution.value))
        except ValueError as error:  # the fit goes on; its field may not be one yet
            self.panel.say(f"no surface of step {result.step:,}: {error}")
            return
        if len(mesh.faces):
            if not self._has_surface:  # no points in front of the first one
                for name in (layer.name for layer in self._layers):
                    self.viewer.panel.layers[name].value = False
            self._has_surface = True
            surface = thinned(surface_of(SURFACE, mesh), MOST_FACES)
            self._exhibit.renew(Scene([*self._layers, surface], up=self._inputs.up))
            self.viewer.renew()

    def _show(self, layers: list[Layer]) -> None:
        self._exhibit = Exhibit(self._inputs.name, Scene(layers, up=self._inputs.up), self._query)
        self.viewer.show([self._exhibit])
        self.viewer.jobs.work()

    def _query(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The field as it is; nothing is known of it before the first step."""
        return np.full(places.shape[:-1], np.nan) if self._result is None else self._result.query(places)

    def _probe(self, field: Field) -> float:
        """Seconds that a surface is expected to take, from the field's answers at some points."""
        points = self._fit.target.points[:_PROBED]
        began = time.thread_time()
        field.query(points.to(next(field.parameters())))
        return (time.thread_time() - began) / len(points) * _NODES
