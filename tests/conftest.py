"""Shared set-up: one thread, strict float errors, and the marker for data outside the repository."""

import os
import shutil
import signal
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads, as the command line does

import pytest
import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before anything loads Triton, which reads it only then

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser):
    """How many threads PyTorch takes; one unless asked, as two under load can be slower."""
    parser.addoption("--threads", type=int, default=1, help="threads of PyTorch in every test (1)")


@pytest.fixture(autouse=True, scope="session")
def threads_of_the_session(request):
    """The same number for every test that does not choose its own."""
    torch.set_num_threads(request.config.getoption("--threads"))


@pytest.fixture(autouse=True, scope="session")
def auto_is_the_cpu():
    """What tests say of bits holds on a CPU; those of a GPU name it."""
    if torch.cuda.is_available():
        from diffshape.training import device

        device.gpu_found = lambda: False


@pytest.fixture(autouse=True, scope="session")
def heard_interrupts():
    """A shell starts background jobs with Ctrl-C ignored, which they and their children inherit; tests send it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_collection_modifyitems(items):
    """Skip what needs the shared folder where there is none."""
    if (SHARED / "data").is_dir():
        return
    for item in items:
        if item.get_closest_marker("shared_data"):
            item.add_marker(pytest.mark.skip(reason="no shared data folder beside this checkout"))


@pytest.fixture
def shared() -> Path:
    """The folder of real meshes and scans; only for tests marked ``shared_data``."""
    return SHARED


@pytest.fixture(scope="session")
def opened():
    """Names of the files that Python opens, in their order; a test empties the list where it begins to count."""
    names, listening = [], [True]  # an audit hook stays as long as Python runs

    def hook(event, arguments):
        if listening and event == "open":
            names.append(str(arguments[0]))

    sys.addaudithook(hook)
    yield names
    listening.clear()


@pytest.fixture(scope="module")  # Playwright's event loop runs as long, and tests of other modules have their own
def browser():
    """Chromium without a window, the system's or Playwright's; what needs it is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install -e '.[browser]'")
    with playwright.sync_playwright() as running:
        fetched = running.chromium.executable_path
        names = ("chromium", "chromium-browser", "google-chrome", fetched)
        program = next(filter(None, map(shutil.which, names)), None)
        if program is None:
            pytest.skip("needs Chromium: install the system's, or run `playwright install chromium`")
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
