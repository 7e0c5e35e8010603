"""The viewer: scenes on a server, a panel to choose by, and pictures of what is seen."""

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from diffshape._arguments import checked
from diffshape._bounds import check_side
from diffshape.report.pictures.png import encode_png, write_png
from diffshape.report.scene.layers import Coloring, Points
from diffshape.report.viewer.camera import FIELD_OF_VIEW, first_direction, first_distance
from diffshape.report.viewer.exhibit import Exhibit
from diffshape.report.viewer.jobs import Jobs
from diffshape.report.viewer.look import Look, common_scales, first_look
from diffshape.report.viewer.panel import Panel
from diffshape.report.viewer.row import APART, row_places
from diffshape.report.viewer.screenshot import picture_of
from diffshape.report.viewer.server import HOST, address_of, start_server, stop_server

PANEL_WIDTH = 320
"""Width of the panel in pixels."""
PHONE = 576
"""Width in pixels up to which viser draws the panel over the scenes, at the foot of the page."""
DRAFT, FINE = 128, 320
"""Pixels along the longer side of a slice: while the plane moves, and when it stands."""


class Viewer:
    """A viewer that is open; ``report.view`` and ``FitResult.show`` open one.

    What the panel asks for is drawn in a thread of its own, or, while a fit runs, in that of the fit.
    """

    def __init__(self, *, host: str = HOST, port: int | None = None, own_thread: bool = True) -> None:
        self.server = start_server(host, port)
        self.jobs = Jobs()
        self.notes: tuple[str, ...] = ()
        self._closed = threading.Event()
        self._exhibits: list[Exhibit] = []
        self._roots: list[Any] = []
        self._panel: Panel | None = None
        self._folded, self._held = False, False
        self.server.on_client_connect(self._welcome)
        with self.server.gui.add_folder("Picture", order=1000):
            self._button = self.server.gui.add_button("save picture", hint="PNG of what is seen")
        self._button.on_click(self._send_picture)
        self.show([])
        if own_thread:
            self.jobs.start()

    def __repr__(self) -> str:
        state = "closed" if self._closed.is_set() else f"at {self.address}"
        return f"Viewer({', '.join(each.name for each in self._exhibits)}, {state})"

    @property
    def address(self) -> str:
        """What to type into a browser, such as "http://127.0.0.1:8080"."""
        return address_of(self.server)

    @property
    def panel(self) -> Panel:
        """The controls; a value that is assigned to one of them counts as chosen in a browser."""
        assert self._panel is not None
        return self._panel

    def show(self, exhibits: Sequence[Exhibit], notes: Sequence[str] = ()) -> None:
        """Show scenes side by side, in the place of those before; ``notes`` say what of them is not shown."""
        server, self.notes = self.server, tuple(notes)
        with server.atomic():
            for root in self._roots:
                root.remove()
            self._exhibits = list(exhibits)
            self._roots = [each.place(server, number, self._drag) for number, each in enumerate(exhibits)]
            scenes = [each.scene for each in exhibits]
            up = scenes[0].up if scenes else "z"
            server.scene.set_up_direction(up if up.startswith("-") else f"+{up}")  # type: ignore[arg-type]
            camera, direction = server.initial_camera, first_direction(up)
            camera.position = direction * first_distance(APART * max(len(scenes) - 1, 0), 1.4)
            camera.look_at = (0.0, 0.0, 0.0)
            camera.fov = FIELD_OF_VIEW
            self._scales = _scales(exhibits)
            self._open_panel(first_look(scenes))
            if len(exhibits) > 1:
                for root, each in zip(self._roots, exhibits):
                    server.scene.add_label(
                        f"{root.name}/name", each.name, position=_above(each), anchor="bottom-center"
                    )
            for client in server.get_clients().values():
                self._align(client.camera)
        self._ask(self.panel.look)

    def renew(self) -> None:
        """Draw anew what the scenes have become."""
        self._scales.update(_scales(self._exhibits))
        self._ask(self.panel.look)

    def settle(self) -> None:
        """Wait until all that was chosen is drawn."""
        self.jobs.settle()

    @checked
    def screenshot(self, path: str | os.PathLike[str], *, width: int = 1280, height: int = 800) -> Path:
        """Write what the browser that connected first shows as PNG, with the scale of the colours; returns the path.

        The browser draws it, so one must have the page open, in a tab that is in front; ``chromium --headless`` counts.

        Args:
            path: File to write.
            width, height: Size of the picture in pixels, at most that of the browser.

        Raises:
            ValueError: No browser is connected, or a size is out of range.
            TimeoutError: The browser does not draw, as its tab is in the background.
            OSError: The file cannot be written.
        """
        check_side("Viewer.screenshot: width", width, 100, 200)
        check_side("Viewer.screenshot: height", height, 100, 120)
        clients = self.server.get_clients()
        if not clients:
            raise ValueError(f"Viewer.screenshot: no browser is connected; open {self.address} in one first")
        self.settle()
        write_png(path, self._picture(clients[min(clients)], width, height))
        return Path(path)

    def wait(self) -> None:
        """Wait until the viewer is closed, or Ctrl-C closes it."""
        try:
            while not self._closed.wait(timeout=1.0):
                pass
        except KeyboardInterrupt:
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Stop the server; browsers keep the picture and say that the connection is gone."""
        if not self._closed.is_set():
            self._closed.set()
            self.jobs.end()
            stop_server(self.server)

    def _open_panel(self, look: Look) -> None:
        if self._panel is not None:
            self._panel.remove()
        self._panel = Panel(self.server.gui, self._exhibits, look, self._scales, self._ask, self._folded)

    def _drag(self, offset: float, held: bool) -> None:
        """Move the plane to where the arrow of one of the scenes is, and those of the others with it."""
        self._held = held
        self.panel.move_plane(offset)
        if not held:
            self._ask(self.panel.look)

    def _follow(self, look: Look) -> None:
        for each in self._exhibits:
            each.follow(look)

    def _ask(self, look: Look) -> None:
        """Have a look drawn, its slices coarsely until the plane stands."""
        self._follow(look)
        self.jobs.ask("draw", lambda: self._draw(look, DRAFT))
        if look.sliced and not self._held:
            self.jobs.ask("refine", lambda: self._draw(look, FINE) if look == self.panel.look else None)

    def _draw(self, look: Look, pixels: int) -> None:
        with self.server.atomic():
            for each in self._exhibits:
                each.draw(look, self._scales, pixels)

    def _welcome(self, client: Any) -> None:
        """Place panel and camera of a new browser so that all is seen, and let the row of scenes turn with it."""
        camera = client.camera
        if camera.aspect < 1:
            client.gui.main_panel.minimize()
        else:  # beside the scenes, none of which it hides
            client.gui.main_panel.dock_right()
        folded = camera.image_width <= PHONE
        if folded != self._folded:
            with self.server.atomic():
                self._folded = folded
                self._open_panel(self.panel.look)
        self._place(camera)
        camera.on_update(self._align)
        self._align(camera)

    def _place(self, camera: Any) -> None:
        """Put the camera where the size of its browser lets it see all."""
        row, up = APART * max(len(self._exhibits) - 1, 0), self._exhibits[0].scene.up if self._exhibits else "z"
        width = camera.image_width - (PANEL_WIDTH if camera.aspect >= 1 else 0)
        position = first_direction(up) * first_distance(row, max(width, 1) / camera.image_height)
        if not np.allclose(camera.position, position, atol=1e-4):
            camera.position = position
            camera.look_at = (0.0, 0.0, 0.0)

    def _align(self, camera: Any) -> None:
        if np.allclose(camera.position, self.server.initial_camera.position, atol=1e-4):
            self._place(camera)  # its browser went there by itself: it has just begun, or its view was reset
        for root, place in zip(self._roots, row_places(len(self._roots), camera.wxyz)):
            root.position = place

    def _send_picture(self, event: Any) -> None:
        client = event.client
        if client is None:
            return
        picture = self._picture(client, client.camera.image_width, client.camera.image_height)
        client.send_file_download("diffshape.png", encode_png(picture), save_immediately=True)

    def _picture(self, client: Any, width: int, height: int) -> np.ndarray:
        """What a browser shows, without what the plane is dragged by."""
        look = self.panel.look
        self._follow(replace(look, sliced=False, cut=False))
        self.server.flush()
        try:
            return picture_of(client, width, height, self._seen_scale())
        finally:
            self._follow(look)

    def _seen_scale(self) -> Coloring | None:
        """The scale of the colours that are seen, of surfaces before that of points."""
        look = self.panel.look
        layers = [layer for each in self._exhibits for layer in each.scene.layers if layer.name in look.shown]
        for kind, choice in ((False, look.surface_colors), (True, look.point_colors)):
            if any(choice in layer.colorings for layer in layers if isinstance(layer, Points) == kind):
                return self._scales.get(choice)
        return None


def _scales(exhibits: Sequence[Exhibit]) -> dict[str, Coloring]:
    layers = [layer for each in exhibits for layer in each.scene.layers]
    return common_scales([*layers, *(surface for each in exhibits for _, surface in each.scene.along_the_way)])


def _above(exhibit: Exhibit) -> np.ndarray:
    """A place above a scene."""
    up = exhibit.scene.up
    number, sign = "xyz".index(up[-1]), -1 if up.startswith("-") else 1
    place = np.zeros(3)
    place[number] = exhibit.box[1 if sign > 0 else 0, number]
    return place
