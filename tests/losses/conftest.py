"""Spines drawn by hand, to be measured by the tests of structure."""

import pytest

from drawn_spines import draw_spine, turned


@pytest.fixture
def spine():
    """``draw_spine``."""
    return draw_spine


@pytest.fixture
def turn():
    """``turned``."""
    return turned
