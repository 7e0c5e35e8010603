"""Fields built from their configs."""

from collections.abc import Callable
from typing import Any

import torch

from diffshape._arguments import checked
from diffshape._bounds import check_seed
from diffshape.fields.config import (
    DistanceGridConfig,
    FeatureGridConfig,
    FieldConfig,
    HashGridConfig,
    LatentMLPConfig,
    MLPConfig,
    SirenConfig,
)
from diffshape.fields.distance_grid import DistanceGrid
from diffshape.fields.feature_grid import FeatureGrid
from diffshape.fields.field import Field
from diffshape.fields.hash_grid import HashGrid
from diffshape.fields.latent_mlp import LatentMLP
from diffshape.fields.mlp import MLP
from diffshape.fields.siren import Siren

_FIELDS: dict[type[FieldConfig], Callable[[Any, torch.Generator], Field]] = {
    DistanceGridConfig: lambda config, generator: DistanceGrid(config),
    FeatureGridConfig: lambda config, generator: FeatureGrid(config),
    HashGridConfig: lambda config, generator: HashGrid(config, generator=generator),
    LatentMLPConfig: lambda config, generator: LatentMLP(config, generator=generator),
    MLPConfig: lambda config, generator: MLP(config, generator=generator),
    SirenConfig: lambda config, generator: Siren(config, generator=generator),
}
"""Field of each config, made from it and a generator of the weights."""


@checked
def build_field(config: FieldConfig, *, seed: int = 0) -> Field:
    """The field that ``config`` describes, with fresh weights; torch's own random numbers stay where they are.

    Args:
        config: Config of the field.
        seed: Seed of the weights.

    Raises:
        TypeError: ``config`` is not the config of a field.
        ValueError: ``seed`` is not from 0 to 2^64 - 1.

    >>> from diffshape.fields import MLPConfig
    >>> build_field(MLPConfig(hidden_layers=2, width=16, skip=())).config.width
    16
    """
    check_seed("build_field: seed", seed)
    return _FIELDS[type(config)](config, torch.Generator().manual_seed(seed))
