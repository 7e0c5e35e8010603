"""The viewer of a fit of the command line: open while it runs, and afterwards until Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from diffshape.cli.errors import UsageError
from diffshape.cli.fit.arguments import FitArguments
from diffshape.cli.messages import Messages
from diffshape.cli.viewer_options import check_port

if TYPE_CHECKING:
    from diffshape.fitting.inputs.inputs import Inputs
    from diffshape.report.viewer.live.live_fit import LiveFit


def check_viewer(arguments: FitArguments) -> None:
    """Check the options of the viewer.

    Raises:
        UsageError: The port is out of range, or there is no viewer for which it could be.
    """
    check_port("--viewer-port", arguments.viewer_port)
    given = sorted({"viewer_host", "viewer_port"} & arguments.typed)
    if given and arguments.vis is None:
        raise UsageError(f"--{given[0].replace('_', '-')} has no effect without --vis viewer")


@contextmanager
def watched(arguments: FitArguments, inputs: "Inputs", say: Messages) -> "Iterator[LiveFit | None]":
    """The observer that shows the fit, while entered; None if nobody asked for one.

    Raises:
        ImportError: viser is not installed.
        OSError: The port is taken.
    """
    if arguments.vis is None:
        yield None
        return
    from diffshape.report.viewer.live.live_fit import LiveFit
    from diffshape.report.viewer.viewer import Viewer

    viewer = Viewer(host=arguments.viewer_host, port=arguments.viewer_port, own_thread=False)
    try:
        say(f"  watch it in a browser: {viewer.address}")
        yield LiveFit(viewer, inputs)
    finally:
        viewer.close()


def stay(live: "LiveFit", folder: Path, say: Messages) -> None:
    """Show the finished fit until Ctrl-C."""
    live.finish(folder)
    say(f"\nthe viewer stays at {live.viewer.address}; Ctrl-C ends it")
    live.viewer.wait()
