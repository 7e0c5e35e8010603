import pytest

from box_clouds import box_clouds
from diffshape.models import PointNetConfig, PointNetNetwork, build_model


@pytest.fixture(scope="session")
def shapes():
    """Twelve boxes."""
    return box_clouds(12, 40)


@pytest.fixture(scope="session")
def autoencoder():
    """An autoencoder with random weights, whose codes differ all the same."""
    return build_model(PointNetConfig(network=PointNetNetwork(points=24, encoder=(8,), latent=5, decoder=(8,)))).eval()
