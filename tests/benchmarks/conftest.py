"""A benchmark run as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(monkeypatch):
    """Run a module of ``benchmarks`` from the root of the repository."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))

    def module(name, *options):
        command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, options)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    return module
