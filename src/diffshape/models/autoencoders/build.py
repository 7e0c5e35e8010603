"""From the config of an autoencoder to the autoencoder, with fresh weights or saved ones."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_seed
from diffshape._config import from_plain
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.config import ModelConfig
from diffshape.models.autoencoders.mesh import MeshModel
from diffshape.models.autoencoders.point_cloud import PointCloudModel
from diffshape.models.autoencoders.point_net import PointNetModel
from diffshape.models.autoencoders.voxel import VoxelModel
from diffshape.training import own_randomness

AUTOENCODERS: Mapping[str, type[Autoencoder]] = {
    kind.KIND: kind for kind in (PointCloudModel, PointNetModel, MeshModel, VoxelModel)
}
"""Classes of autoencoders by the kind that their config.yaml names."""


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
        return next(kind for kind in AUTOENCODERS.values() if kind.CONFIG is type(config))(config)


def saved_autoencoder(
    kind: type[Autoencoder], settings: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> Autoencoder:
    """The autoencoder of the settings and weights that ``save`` wrote."""
    model = kind(from_plain(kind.CONFIG, settings))
    model.load_state_dict(tensors)
    return model.eval()
