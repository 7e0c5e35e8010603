"""``FitResult.show()``: the viewer on a fit in memory, and its scene inline where it is called in a notebook."""

import sys
from typing import Any

from diffshape._notices import is_notebook
from diffshape.fitting.result import FitResult
from diffshape.fitting.show import open_with
from diffshape.report.page.html import element, joined
from diffshape.report.viewer.opening import result_exhibit
from diffshape.report.viewer.viewer import Viewer

HEIGHT = 480
"""Height of the scene in a notebook, in pixels."""


def show_fit(result: FitResult, *, truth: Any, host: str, port: int | None, block: bool | None) -> Viewer:
    """Open the viewer on a fit; see ``FitResult.show``."""
    inline = is_notebook(sys.stdout)
    viewer = Viewer(host=host, port=port)
    try:
        exhibit, notes = result_exhibit(result, truth)
        viewer.show([exhibit], notes)
        viewer.settle()
    except BaseException:
        viewer.close()
        raise
    if inline:
        _display(inline_scene(viewer))
    else:
        print(f"open {viewer.address} in a browser" + ("" if block is False else "; Ctrl-C goes on"), flush=True)
    if block or (block is None and not inline):
        viewer.wait()
    return viewer


def inline_scene(viewer: Viewer) -> str:
    """The scene as HTML that needs no server, to be turned, and a link to the viewer with its panel."""
    scene = viewer.server.scene.as_html()
    frame = element(
        "iframe", srcdoc=scene, width="100%", height=HEIGHT, style="border:1px solid #ddd;display:block", title="scene"
    )
    link = element("a", viewer.address, href=viewer.address, target="_blank")
    return joined(frame, element("p", "layers, colours and slices: ", link))


def _display(html: str) -> None:
    """Show HTML in the cell of a notebook."""
    from IPython.display import HTML, display

    display(HTML(html))


open_with(FitResult, show_fit)
