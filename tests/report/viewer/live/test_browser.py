"""``diffshape fit --vis viewer`` as it is typed, in a real browser: a surface is drawn, the fit waits and stops."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffshape.data import icosphere
from viewer_controls import press

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOURCE = Path(__file__).resolve().parents[4] / "src"
COMMAND = "import sys; from diffshape.cli.main import main; sys.exit(main())"


@pytest.fixture
def fit(tmp_path):
    """A fit with the viewer that goes on until it is stopped, and the address that it prints."""
    scan = tmp_path / "ball.npy"
    np.save(scan, icosphere(4).vertices)
    words = ["fit", str(scan), "--out", str(tmp_path / "run"), "--method", "igr", "--field", "feature-grid"]
    words += ["--steps", "100000", "--resolution", "40", "--method.batch", "256", "--vis", "viewer"]
    running = subprocess.Popen(
        [sys.executable, "-u", "-c", COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"},
    )
    try:
        address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in running.stdout)))[0]
        yield running, address
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def surface_pixels(page) -> np.ndarray:
    """Where there is the colour of surfaces, left of the panel."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)[:, :360]
    return (picture[..., 2] - picture[..., 0]) > 20


def surface(page) -> int:
    """Number of these pixels."""
    return int(surface_pixels(page).sum())


def step(page) -> int:
    """The step that the panel tells."""
    return int(page.get_by_text(re.compile(r"^step [\d,]+ of")).inner_text().split()[1].replace(",", ""))


def test_a_fit_is_watched_paused_and_stopped_by_clicks(browser, fit, tmp_path):
    running, address = fit
    page, asked = browser.new_page(viewport={"width": 700, "height": 700}), []
    page.set_default_timeout(120_000)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.get_by_text(re.compile(r"^step [\d,]+ of 100,000")).wait_for()
    first = step(page)
    page.get_by_role("button", name="extract now").evaluate("button => button.click()")
    for _ in range(240):
        if surface(page) > 1000:
            break
        page.wait_for_timeout(500)
    assert surface(page) > 1000
    assert not page.get_by_label("input points", exact=True).first.is_checked()
    assert step(page) > first
    page.get_by_label("pause", exact=True).first.evaluate("box => box.click()")
    page.wait_for_timeout(3000)
    paused = step(page)
    page.wait_for_timeout(3000)
    assert step(page) == paused
    coarse = surface_pixels(page)
    press(page, "resolution", "ArrowRight")
    for _ in range(240):
        if (surface_pixels(page) != coarse).any():
            break
        page.wait_for_timeout(500)
    assert (surface_pixels(page) != coarse).any()
    page.get_by_role("button", name="stop").evaluate("button => button.click()")
    said = running.stdout.read()
    assert running.wait() == 130
    assert "resume" in said
    assert list((tmp_path / "run" / "checkpoints").iterdir())
    page.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
