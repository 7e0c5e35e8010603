"""From the settings of a field to the field."""

import torch

from diffshape._arguments import checked
from diffshape.fields.config import FeatureGridConfig, FieldConfig, HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fields.feature_grid import FeatureGrid
from diffshape.fields.field import Field
from diffshape.fields.hash_grid import HashGrid
from diffshape.fields.latent_mlp import LatentMLP
from diffshape.fields.mlp import MLP


@checked
def build_field(config: FieldConfig, *, generator: torch.Generator | None = None) -> Field:
    """The field that ``config`` describes, with fresh weights drawn from ``generator`` (seed 0 if not given).

    Raises:
        TypeError: ``config`` is not the settings of a field.

    >>> from diffshape.fields import MLPConfig
    >>> build_field(MLPConfig(hidden_layers=2, width=16, skip=())).config.width
    16
    """
    if isinstance(config, MLPConfig):
        return MLP(config, generator=generator)
    if isinstance(config, HashGridConfig):
        return HashGrid(config, generator=generator)
    if isinstance(config, FeatureGridConfig):
        return FeatureGrid(config)
    if isinstance(config, LatentMLPConfig):
        return LatentMLP(config, generator=generator)
    raise TypeError(f"build_field: config must be the settings of a field, got {type(config).__name__}")
