"""What one waits for and stores to see a fit: the report from disk and the viewer, in Chromium, by Playwright.

    python -m benchmarks.speed.first_picture [--rounds 5] [--results FILE]

A scan of the kettle is fitted by IGR in 300 steps, with a truth, and surfaces along the way, so that the report has all
its parts; its surface has some 100,000 faces. `bytes` is the size of `report.html`. Milliseconds are counted from the
moment that the address is entered: to the first text and picture of the page (`paint`, as the browser tells it; the
report holds a picture of the run that stands there until the scene is drawn), and to the first frame with the surface
to turn (`scene`). For the viewer the frame is looked for in screenshots, each of which takes time, so that it came
before. Every round opens a new window; medians are kept, on a desktop and on a phone's width. Without a graphics card
the browser draws on the processor, and other work on the machine slows it: `load` is that before the rounds.
"""

import argparse
import io
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measure import RESULTS, append_row, environment
from diffshape import data, report
from diffshape.cli.main import main as diffshape

NAME = "first_picture.jsonl"
WINDOWS = {"desktop": (1280, 800), "phone": (390, 844)}
FIT = ["--method", "igr", "--field", "feature-grid", "--steps", "300", "--mesh-every", "50", "--resolution", "112"]
PANEL = 340
"""Pixels at the right of a desktop that are no scene."""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
WATCH = """(() => {
  const look = () => {
    if (document.querySelector("canvas")?.dataset.pictures > 0) window.sceneAt = performance.now();
    else setTimeout(look, 10);
  };
  look();
})()"""
"""Script of a report that keeps when the scene was drawn."""


def fitted(folder: Path) -> Path:
    """The folder of a finished fit."""
    points, truth = data.demo_scan()
    data.write_points(folder / "kettle.ply", points)
    data.write_mesh(folder / "truth.ply", *truth)
    words = ["fit", str(folder / "kettle.ply"), "--truth", str(folder / "truth.ply"), "--out", str(folder / "run")]
    if diffshape([*words, *FIT, "--quiet"]):
        raise RuntimeError("the fit failed")
    return folder / "run"


def has_surface(page: Page) -> bool:
    """Whether pixels of the colour of surfaces are seen, below the notice of viser, beside its panel or above it."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    scene = picture[150:500, : -PANEL if picture.shape[1] > PANEL * 2 else None]
    return bool((scene[..., 2] - scene[..., 0] > 20).sum() > 500)


def waits(browser: Browser, size: tuple[int, int], address: str) -> dict[str, float]:
    """Milliseconds to the first paint and to the scene, in a new window."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(120_000)
    began = time.perf_counter()
    page.add_init_script(WATCH)
    page.goto(address)
    if address.startswith("file:"):
        page.wait_for_function("window.sceneAt")
        scene = page.evaluate("window.sceneAt")
    else:
        while not has_surface(page):
            if time.perf_counter() - began > 120:
                raise TimeoutError("the viewer shows no surface")
            page.wait_for_timeout(50)
        scene = 1000 * (time.perf_counter() - began)
    paint = page.evaluate(PAINT)
    page.close()
    return {"paint": paint, "scene": scene}


def rows(browser: Browser, run: Path, rounds: int) -> Iterator[dict[str, Any]]:
    """The medians of each window, of report and viewer."""
    viewer = report.view(run)
    told = {"bytes": (run / "report.html").stat().st_size, "faces": len(data.read_mesh(run / "mesh.ply").faces)}
    for what, address in {"report": (run / "report.html").as_uri(), "viewer": viewer.address}.items():
        for window, size in WINDOWS.items():
            load = os.getloadavg()[0]
            times = [waits(browser, size, address) for _ in range(rounds)]
            medians = {f"{name}_ms": round(statistics.median(each[name] for each in times)) for name in times[0]}
            yield {"what": what, "window": window, **told, **medians, "rounds": rounds, "load": round(load, 1)}
    viewer.close()


def main() -> None:
    """Fit, open, and keep a row for each window of report and viewer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="windows opened for each median")
    parser.add_argument("--results", type=Path, default=RESULTS / NAME)
    options = parser.parse_args()
    machine = environment()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        run = fitted(Path(folder))
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for row in rows(browser, run, options.rounds):
            append_row(options.results, {**row, "environment": machine})
            print(row, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
