"""An arrow on an outline in the scene, by which a plane is dragged along its axis."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diffshape.report.viewer.plane import Plane

if TYPE_CHECKING:
    import viser  # type: ignore[import-not-found]

_LENGTH, _BOLD = 0.3, 4.0
"""Length of the arrow in the unit frame, and its width in pixels: enough for a finger."""
_WIDTH, _GRAY = 0.004, (110, 110, 110)
"""Width of the outline in the unit frame, and its colour, sRGB."""


class PlaneHandle:
    """What a plane is dragged by. The browser moves it at once, and what the plane cuts follows as it is drawn.

    Args:
        server: The server of the scene.
        name: Name of the node in the scene.
        box: Lowest and highest corner, (2, 3), of the part of the plane that is outlined, in the unit frame.
        dragged: Function that is told the offset to which the plane is dragged, and whether the arrow is still held, in
            the thread of the server.
    """

    def __init__(
        self, server: "viser.ViserServer", name: str, box: NDArray[np.float64], dragged: Callable[[float, bool], None]
    ) -> None:
        self._box, self._dragged, self._plane, self._held = box, dragged, Plane(), False
        self._arrow = server.scene.add_transform_controls(
            name,
            _LENGTH,
            line_width=_BOLD,
            active_axes=_only(self._plane),
            disable_sliders=True,
            disable_rotations=True,
            depth_test=False,
            visible=False,
        )
        rectangle = _rectangle(self._plane, box)
        self._outline = server.scene.add_line_segments(f"{name}/outline", rectangle, _GRAY, thickness=_WIDTH)
        self._arrow.on_update(self._hear)

    def show(self, plane: Plane | None) -> None:
        """Stand at a plane, unless a hand holds the arrow; at None, be gone."""
        self._arrow.visible = plane is not None
        if plane is None or self._held:
            return
        if plane.axis != self._plane.axis:
            self._arrow.active_axes = _only(plane)
            self._outline.points = _rectangle(plane, self._box)
        self._plane = plane
        place = self._box[1].copy()
        place[plane.number] = plane.offset
        self._arrow.position = place

    async def _hear(self, event: Any) -> None:
        """A coroutine, as others would be run in several threads, and in any order."""
        self._held = event.phase != "end"
        self._dragged(float(self._arrow.position[self._plane.number]), self._held)


def _only(plane: Plane) -> tuple[bool, bool, bool]:
    """Which of the three axes the plane is across."""
    first, second, third = (number == plane.number for number in range(3))
    return first, second, third


def _rectangle(plane: Plane, box: NDArray[np.float64]) -> NDArray[np.float32]:
    """The four sides (4, 2, 3) of the part of a plane in a box, seen from its highest corner."""
    right, up = np.diag(box[0] - box[1])[list(plane.sides)]
    corners = np.stack([np.zeros(3), right, right + up, up]).astype(np.float32)
    return np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
