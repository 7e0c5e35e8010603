"""The controls of a fit that runs: where it is, its loss, pause, stop, and how finely its surface is drawn."""

from typing import TYPE_CHECKING, Any

import numpy as np

from diffshape.training.loop import StepReport
from diffshape.training.progress import TimeLeft
from diffshape.training.schedule import Seconds, clock_time

if TYPE_CHECKING:
    import viser  # type: ignore[import-not-found]

RESOLUTION, LEAST, MOST = 80, 80, 256
"""Grid nodes along the side of the box of the surface that is drawn: at first, at least and at most. From 65 on nodes
far from the surface are left out, so that fewer would cost more."""
_EVERY = 1.0
"""Seconds from one account to the next."""
_KEPT = 400
"""Largest number of losses that are plotted; of more, every second one is dropped."""


class FitPanel:
    """Controls of a fit; what is asked by them is kept until the fit, in its own thread, looks at it."""

    def __init__(self, gui: "viser.GuiApi") -> None:
        self.wants_surface, self.wants_stop = False, False
        self._left, self._told, self._losses = TimeLeft(), float("-inf"), [(0.0, float("nan"))]
        self._folder = gui.add_folder("Fit", order=-1)
        with self._folder:
            self._status = gui.add_markdown("preparing the scan")
            self._bar = gui.add_progress_bar(0.0)
            self._plot: Any = gui.add_uplot(
                data=self._curve(),
                series=({"label": "step"}, {"label": "loss", "stroke": "#3b6ea5", "width": 2}),
                scales={"x": {"time": False}, "y": {"distr": 3}},  # powers of ten
                axes=(_axis("step", size=22), _axis("loss", size=38)),
                legend={"show": False},
                height=180,
                padding=(12, 16, 4, 4),  # room for the numbers at the ends of the axes
                visible=False,
            )
            self.pause = gui.add_checkbox("pause", False, hint="the fit waits; its time does not run")
            self.resolution = gui.add_slider(
                "resolution", LEAST, MOST, 16, RESOLUTION, hint="of the surface drawn here"
            )
            self.extract = gui.add_button("extract now", hint="draw the surface as it is")
            self.stop = gui.add_button("stop", color="red", hint="end after this step, save, and say how to go on")
        self.extract.on_click(self._ask_surface)
        self.stop.on_click(self._ask_stop)
        self.resolution.on_update(self._ask_surface)

    def hear(self, report: StepReport, now: float) -> None:
        """Show where the fit is, unless that was shown less than a second ago."""
        left = self._left.hear(report)
        if now - self._told < _EVERY:
            return
        self._told = now
        budget = report.budget
        total = "" if isinstance(budget, Seconds) else f" of {budget.count:,}"
        rest = "" if left is None else f", {clock_time(left)} left"
        loss = float(report.terms.total)
        self.say(f"step {report.step:,}{total}{rest}  \nloss {loss:.4g}")
        self._bar.value = 100 * min(max(report.progress, 0.0), 1.0)
        if loss > 0:
            self._losses.append((float(report.step), loss))
        if len(self._losses) > _KEPT:
            del self._losses[1::2]
        self._plot.data, self._plot.visible = self._curve(), len(self._losses) > 2

    def say(self, text: str) -> None:
        """Show a text in place of the last account."""
        self._status.content = text

    def finish(self, text: str) -> None:
        """Show a last text, without controls that have nothing left to control."""
        self.say(text)
        for control in (self._bar, self.pause, self.resolution, self.extract, self.stop):
            control.visible = False

    def _curve(self) -> tuple[Any, ...]:
        steps, losses = np.array(self._losses[1:] or self._losses).T
        return steps, losses

    def _ask_surface(self, _: Any) -> None:
        self.wants_surface = True

    def _ask_stop(self, _: Any) -> None:
        self.wants_stop = True


def _axis(label: str, *, size: int) -> Any:
    """An axis with a label, whose numbers take a room of so many pixels."""
    font = "11px sans-serif"
    ticks, grid = {"size": 4, "width": 1}, {"show": False}
    return {
        "label": label,
        "labelSize": 16,
        "labelFont": font,
        "font": font,
        "size": size,
        "gap": 3,
        "ticks": ticks,
        "grid": grid,
    }
