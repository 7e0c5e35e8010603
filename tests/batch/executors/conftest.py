import os
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


@pytest.fixture
def importable_work(monkeypatch):
    """Let processes that are started from here import the work of the tests."""
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS / "support"), str(TESTS.parent / "src"), before]))
