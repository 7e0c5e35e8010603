"""What the live viewer costs a fit: its share of the processor time, and steps with the viewer and without.

    python -m benchmarks.speed.live_viewer [--seconds 20] [--rounds 3] [--method diffcd] [--results FILE]

One process fits one drawn scan again and again, with the viewer and without by turns, each for the same seconds of
processor time, after a first fit that compiles all kernels. A second process connects to the viewer as a browser
does, reads all that is sent and draws nothing.

The result is `share`, the part of the processor time of a watched fit that goes to the viewer: all that the process
spends while the viewer is called between two steps (`drawing_cpu`), and what the threads of its server spend
(`serving_cpu`). Other work on the machine does not touch it. `ratio`, that of steps a second by the clock with the
viewer and without, and `cpu_ratio`, that of steps a second of processor time, are disturbed by such work. `surfaces` is
the number of surfaces drawn. A pair is a row; none is left out.
"""

import argparse
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import RESULTS, append_row, environment

NAME = "live_viewer.jsonl"
_CAMERA = {
    "type": "ViewerCameraMessage",
    "wxyz": (1.0, 0.0, 0.0, 0.0),
    "position": (0.0, -3.0, 0.0),
    "fov": 0.7,
    "near": 0.01,
    "far": 1000.0,
    "image_height": 800,
    "image_width": 1280,
    "look_at": (0.0, 0.0, 0.0),
    "up_direction": (0.0, 0.0, 1.0),
}
"""What a browser says first."""
WORKERS = ("diffshape_", "distances_")
"""First letters of the names of threads that the library works on."""


class Outcome(NamedTuple):
    """One fit."""

    steps: int
    seconds: float
    cpu_seconds: float
    surfaces: int = 0
    drawing_cpu: float = 0.0
    serving_cpu: float = 0.0


def browse(address: str) -> None:
    """Be a browser that reads everything and draws nothing, until the server goes."""
    import msgspec
    import viser
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    place = address.replace("http://", "ws://")
    with connect(place, subprotocols=[f"viser-v{viser.__version__}"], max_size=None, compression=None) as connection:  # type: ignore[list-item]
        connection.send(msgspec.msgpack.encode(_CAMERA))
        try:
            while True:
                connection.recv()
        except ConnectionClosed:
            return


def fit(method: str, scan: Path, seconds: float, *, viewer: bool) -> Outcome:
    """A fit of so many seconds of processor time, with the viewer or without."""
    from diffshape.cli.fit.defaults import defaults_of
    from diffshape.fitting.inputs.inputs import read_inputs
    from diffshape.fitting.run import run_fit
    from diffshape.training.device import chosen_device
    from diffshape.training.loop import UntimedObserver

    inputs = read_inputs(scan, None, max_points=None, seed=0)
    defaults = defaults_of("standard", method=method, field="hash-grid" if method == "diffcd" else None)
    settings = defaults.settings_for("scan", scan)

    class Clock(UntimedObserver):
        """An observer that ends the fit after so many seconds of processor time from its first step."""

        began, cpu, outcome = 0.0, 0.0, Outcome(0, 0.0, 0.0)

        def __call__(self, report) -> None:
            now, cpu = time.perf_counter(), time.process_time()
            if not self.began:
                self.began, self.cpu = now, cpu
            self.outcome = Outcome(report.step - 1, now - self.began, cpu - self.cpu)
            report.interrupts.requested |= cpu - self.cpu >= seconds

    clock = Clock()
    if not viewer:
        run_fit(inputs.begin(settings), None, device=chosen_device("cpu", argument="device"), observers=[clock])
        return clock.outcome
    return _watched(inputs, settings, clock)


def _watched(inputs, settings, clock) -> Outcome:
    from diffshape.fitting.run import run_fit
    from diffshape.report.viewer.live.live_fit import LiveFit
    from diffshape.report.viewer.viewer import Viewer
    from diffshape.training.device import chosen_device

    class Counted(LiveFit):
        """A watched fit that counts its surfaces, and the time that goes to the viewer."""

        surfaces, spent = 0, 0.0

        def __call__(self, report) -> None:
            began = time.process_time()
            super().__call__(report)
            self.spent += time.process_time() - began

        def _draw_surface(self, result) -> None:
            super()._draw_surface(result)
            self.surfaces += 1

    shown = Viewer(own_thread=False)
    browser = subprocess.Popen([sys.executable, "-m", "benchmarks.speed.live_viewer", "--browse", shown.address])
    try:
        live = Counted(shown, inputs)
        while not shown.server.get_clients():
            time.sleep(0.05)
        device = chosen_device("cpu", argument="device")
        before = _server_seconds()
        run_fit(inputs.begin(settings), None, device=device, observers=[live, clock])
        serving = _server_seconds() - before
    finally:
        shown.close()
        browser.wait(timeout=20)
    return clock.outcome._replace(surfaces=live.surfaces, drawing_cpu=live.spent, serving_cpu=serving)


def _server_seconds() -> float:
    """Processor seconds of the server: of all Python threads but this one and those that the fit works on."""
    working = (threading.current_thread().name, *WORKERS)
    others = [each for each in threading.enumerate() if not each.name.startswith(working)]
    return sum(time.clock_gettime(time.pthread_getcpuclockid(each.ident)) for each in others if each.ident)


def main() -> None:
    """Measure pairs of fits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="processor seconds of each fit")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of fits")
    parser.add_argument("--method", default="diffcd", help="a method with steps; diffcd takes a hash grid here")
    parser.add_argument("--results", type=Path, default=RESULTS / NAME)
    parser.add_argument("--browse", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.browse:
        browse(options.browse)
        return
    import tempfile

    from diffshape.data import demo_scan, write_points

    machine = environment()
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder) / "scan.ply"
        write_points(scan, demo_scan()[0])
        fit(options.method, scan, options.seconds, viewer=True)
        shares = []
        for number in range(options.rounds):
            order = (False, True) if number % 2 else (True, False)
            found = {viewer: fit(options.method, scan, options.seconds, viewer=viewer) for viewer in order}
            clocks = {viewer: outcome.steps / outcome.seconds for viewer, outcome in found.items()}
            rates = {viewer: outcome.steps / outcome.cpu_seconds for viewer, outcome in found.items()}
            watched = found[True]
            shares.append((watched.drawing_cpu + watched.serving_cpu) / watched.cpu_seconds)
            row = {
                "method": options.method,
                "round": number,
                "seconds": options.seconds,
                "steps_without": found[False].steps,
                "steps_with": watched.steps,
                "ratio": round(clocks[True] / clocks[False], 4),
                "cpu_ratio": round(rates[True] / rates[False], 4),
                "surfaces": watched.surfaces,
                "drawing_cpu": round(watched.drawing_cpu, 3),
                "serving_cpu": round(watched.serving_cpu, 3),
                "share": round(shares[-1], 4),
            }
            append_row(options.results, {**row, "environment": machine})
            print(row, flush=True)
    print(
        f"{options.method}: share of the processor time that goes to the viewer, median {statistics.median(shares):.3f}"
    )


if __name__ == "__main__":
    main()
