import pytest

from diffshape.data import spine_phantoms
from diffshape.models import LandmarkUNetConfig


@pytest.fixture(scope="session")
def few():
    """Eight drawn spines."""
    return spine_phantoms(8)


@pytest.fixture(scope="session")
def tiny():
    """A network of a few thousand parameters."""
    return LandmarkUNetConfig(widths=(8, 8, 8))
