"""From the settings of a model to the model."""

from diffshape._arguments import checked
from diffshape._bounds import check_seed
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.config import MeshConfig, ModelConfig, PointCloudConfig, VoxelConfig
from diffshape.models.autoencoders.mesh import MeshModel
from diffshape.models.autoencoders.point_cloud import PointCloudModel
from diffshape.models.autoencoders.voxel import VoxelModel
from diffshape.training import own_randomness


@checked
def build_model(config: ModelConfig, *, seed: int = 0) -> Autoencoder:
    """The model that ``config`` describes, with fresh weights; torch's own random numbers stay where they are.

    Raises:
        TypeError: ``config`` is not the settings of a model.
        ValueError: ``seed`` is not from 0 to 2^64 - 1.

    >>> import torch
    >>> from diffshape.models import VoxelConfig, VoxelNetwork
    >>> model = build_model(VoxelConfig(loss="dice", network=VoxelNetwork(resolution=9)))
    >>> model(torch.zeros(2, 9, 9, 9)).shape
    torch.Size([2, 9, 9, 9])
    """
    check_seed("build_model: seed", seed)
    with own_randomness(seed=seed):
        if isinstance(config, PointCloudConfig):
            return PointCloudModel(config)
        if isinstance(config, MeshConfig):
            return MeshModel(config)
        if isinstance(config, VoxelConfig):
            return VoxelModel(config)
    raise TypeError(
        f"build_model: config must be a PointCloudConfig, MeshConfig or VoxelConfig, got {type(config).__name__}"
    )
