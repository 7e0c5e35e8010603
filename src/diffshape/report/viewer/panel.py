"""The controls of the viewer: what is chosen by them is a ``Look``, and every change of it is told."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from diffshape.report.scene.layers import Coloring, Layer, Points
from diffshape.report.viewer.color_scale import color_scale
from diffshape.report.viewer.exhibit import Exhibit
from diffshape.report.viewer.look import OWN, PLAIN, Look, color_choices
from diffshape.report.viewer.plane import AXES, Plane

if TYPE_CHECKING:
    import viser  # type: ignore[import-not-found]

_REACH, _STEP = 0.6, 0.005
"""Farthest place of the plane from the middle, and the distance of two places, as shares of the longest side."""


class Panel:
    """Controls in the panel of a server.

    Args:
        gui: The panel.
        exhibits: The scenes whose layers there are controls for.
        look: What is chosen at first.
        scales: Scales of the colourings by caption.
        changed: Function that is told every new look.
        folded: Whether the folders are closed at first, as on a phone, where they would hide the scenes.
    """

    def __init__(
        self,
        gui: "viser.GuiApi",
        exhibits: Sequence[Exhibit],
        look: Look,
        scales: dict[str, Coloring],
        changed: Callable[[Look], None],
        folded: bool,
    ) -> None:
        self._gui, self._exhibits, self._scales, self._changed = gui, exhibits, scales, changed
        self._folded = folded
        self._way = sorted({step for each in exhibits for step, _ in each.scene.along_the_way})
        self._folders: list[Any] = []
        layers = [layer for each in exhibits for layer in each.scene.layers]
        points = [layer for layer in layers if isinstance(layer, Points)]
        surfaces = [layer for layer in layers if not isinstance(layer, Points)]
        with self._folder("Layers"):
            self.layers = {
                name: self._heard(gui.add_checkbox(name, name in look.shown))
                for name in dict.fromkeys(layer.name for layer in layers)
            }
            self.dot = self._heard(gui.add_slider("dot size", 0.25, 4.0, 0.25, look.dot, visible=bool(points)))
        chosen = len(color_choices(surfaces)) + len(color_choices(points)) > 2
        with self._folder("Colours", visible=chosen):
            self.surface_colors, self._surface_scale = self._colors("surfaces", surfaces, look.surface_colors)
            self.point_colors, self._point_scale = self._colors("points", points, look.point_colors)
        with self._folder("Steps", visible=bool(self._way)):
            last = max(len(self._way), 1)
            place = self._way.index(look.step) if look.step in self._way else last
            self.step = self._heard(gui.add_slider("surface", 0, last, 1, place, hint="surfaces along the way"))
            self._step_text = gui.add_markdown("")
        with self._folder("Plane"):
            self._add_plane(look, bool(surfaces))
        self._tell_places(self.look)

    @property
    def look(self) -> Look:
        """What is chosen now."""
        place = int(self.step.value)
        return Look(
            shown=frozenset(name for name, box in self.layers.items() if box.value),
            surface_colors=self.surface_colors.value,
            point_colors=self.point_colors.value,
            dot=float(self.dot.value),
            plane=Plane(self.axis.value, float(self.offset.value)),
            sliced=bool(self.sliced.value),
            cut=bool(self.cut.value),
            far=bool(self.far.value),
            step=self._way[place] if place < len(self._way) else None,
        )

    def move_plane(self, offset: float) -> None:
        """Choose the place of the plane that is nearest to one to which it was dragged."""
        self.offset.value = round(min(max(round(offset / _STEP) * _STEP, -_REACH), _REACH), 3)

    def remove(self) -> None:
        """Take all controls away."""
        for folder in self._folders:
            folder.remove()

    def _folder(self, label: str, *, visible: bool = True) -> Any:
        self._folders.append(self._gui.add_folder(label, visible=visible, expand_by_default=not self._folded))
        return self._folders[-1]

    def _heard(self, control: Any) -> Any:
        """A control whose changes are told."""

        @control.on_update
        def _(_: Any) -> None:
            look = self.look
            self._tell_places(look)
            self._changed(look)

        return control

    def _colors(self, label: str, layers: Sequence[Layer], chosen: str) -> tuple[Any, Any]:
        choices = color_choices(layers)
        control = self._heard(
            self._gui.add_dropdown(
                label, choices, initial_value=chosen if chosen in choices else PLAIN, visible=len(choices) > 1
            )
        )
        return control, self._gui.add_html("", visible=False)

    def _add_plane(self, look: Look, has_surfaces: bool) -> None:
        gui, has_field = self._gui, any(each.query is not None for each in self._exhibits)
        why = "distance to the surface, on the plane; level lines, the thick one is the surface"
        self.sliced = self._heard(gui.add_checkbox("show the field", look.sliced, visible=has_field, hint=why))
        self.cut = self._heard(gui.add_checkbox("cut the surfaces", look.cut, visible=has_surfaces))
        self.far = self._heard(gui.add_checkbox("keep the far side", look.far, visible=has_surfaces))
        self.axis = self._heard(gui.add_dropdown("across", AXES, initial_value=look.plane.axis))
        self.offset = self._heard(gui.add_slider("place", -_REACH, _REACH, _STEP, look.plane.offset))
        self._plane_text = gui.add_markdown("")

    def _tell_places(self, look: Look) -> None:
        """Write the place of the plane and the step in words, and the scales of the colours."""
        if len({each.frame for each in self._exhibits}) == 1:
            self._plane_text.content = f"{look.plane.axis} = {look.plane.coordinate(self._exhibits[0].frame):.4g}"
        self._step_text.content = "the result" if look.step is None else f"after step {look.step:,}"
        for text, choice in ((self._surface_scale, look.surface_colors), (self._point_scale, look.point_colors)):
            scale = None if choice in (PLAIN, OWN) else self._scales.get(choice)
            text.visible = scale is not None
            text.content = color_scale(scale) if scale is not None else ""
