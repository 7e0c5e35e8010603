import numpy as np
import pytest
import torch

from diffshape import data, models
from diffshape.data import spine_phantoms
from diffshape.fields import LatentMLPConfig
from diffshape.models import LandmarkUNetConfig

SMALL = {
    "points": models.PointCloudConfig(
        network=models.PointCloudNetwork(points=24, tokens=3, width=8, hidden=(8,), layers=1, heads=2, latent=4)
    ),
    "mesh": models.MeshConfig(network=models.MeshNetwork(subdivisions=1, hidden=(8, 8), latent=4)),
    "voxel": models.VoxelConfig(network=models.VoxelNetwork(resolution=7, base_channels=2, layers=2, latent=4)),
}


def samples_of(kind, count=4, seed=0):
    shapes = data.shape_family("rounded_box", count, seed=seed)
    made = {"points": lambda: shapes.points(24), "mesh": lambda: shapes.meshes(1)[0], "voxel": lambda: shapes.voxels(7)}
    return torch.tensor(np.asarray(made[kind]()))


@pytest.fixture(params=SMALL)
def kind(request):
    return request.param


@pytest.fixture
def config(kind):
    return SMALL[kind]


@pytest.fixture
def samples(kind):
    return samples_of(kind)


@pytest.fixture(scope="session")
def few():
    """Eight drawn spines."""
    return spine_phantoms(8)


@pytest.fixture(scope="session")
def tiny():
    """A network of a few thousand parameters."""
    return LandmarkUNetConfig(widths=(8, 8, 8))


@pytest.fixture(scope="session")
def ellipsoids():
    """Eight meshes of one family, of different sizes."""
    vertices, faces = data.shape_family("ellipsoid", 8).meshes()
    return [(each, faces) for each in vertices]


@pytest.fixture(scope="session")
def deep_sdf(ellipsoids):
    """A model of them, trained for some seconds."""
    network = LatentMLPConfig(hidden_layers=3, width=64, latent=8, skip=(), dropout=0.0)
    config = models.DeepSDFConfig(network=network, batch=8, points=128, samples=4000, lr=5e-3, code_lr=1e-2)
    return models.train_deep_sdf(ellipsoids, config, steps=400).model
