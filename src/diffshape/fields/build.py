"""Fields built from their configs."""

from collections.abc import Callable
from typing import Any

import torch

from diffshape._arguments import checked
from diffshape.fields.config import FeatureGridConfig, FieldConfig, HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fields.feature_grid import FeatureGrid
from diffshape.fields.field import Field
from diffshape.fields.hash_grid import HashGrid
from diffshape.fields.latent_mlp import LatentMLP
from diffshape.fields.mlp import MLP

_FIELDS: dict[type[FieldConfig], Callable[[Any, torch.Generator | None], Field]] = {
    FeatureGridConfig: lambda config, generator: FeatureGrid(config),
    HashGridConfig: lambda config, generator: HashGrid(config, generator=generator),
    LatentMLPConfig: lambda config, generator: LatentMLP(config, generator=generator),
    MLPConfig: lambda config, generator: MLP(config, generator=generator),
}
"""Field of each config, made from it and a generator of the weights."""


@checked
def build_field(config: FieldConfig, *, generator: torch.Generator | None = None) -> Field:
    """The field that ``config`` describes, with fresh weights drawn from ``generator`` (seed 0 if not given).

    Raises:
        TypeError: ``config`` is not the config of a field.

    >>> from diffshape.fields import MLPConfig
    >>> build_field(MLPConfig(hidden_layers=2, width=16, skip=())).config.width
    16
    """
    return _FIELDS[type(config)](config, generator)
