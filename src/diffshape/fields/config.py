"""Configs of the fields: plain frozen dataclasses that need no torch, so that a command line can read them quickly."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, TypeVar

from diffshape._bounds import check_finite, check_grid, check_network
from diffshape._typed import check_settings

Config = TypeVar("Config")


@dataclass(frozen=True, kw_only=True)
class MLPConfig:
    """The network of IGR, Neural-Pull and DiffCD: 461,054 parameters by default."""

    hidden_layers: int = 8
    """Number of hidden layers."""
    width: int = 256
    """Units in a hidden layer."""
    skip: tuple[int, ...] = (4,)
    """Hidden layers, counted from 0, that also read the point itself."""
    beta: float = 100.0
    """Sharpness of the softplus, the activation of the network; inf is a ReLU."""
    radius: float = 0.5
    """Radius of the sphere the field starts as, in units of the fitted shape's longest side."""
    weight_norm: bool = False
    """Learn length and direction of the weights of each unit separately (weight normalisation)."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.radius > 0:
            raise ValueError(f"MLPConfig: radius must be positive, got {self.radius}")
        check_network("MLPConfig", hidden_layers=self.hidden_layers, width=self.width, beta=self.beta)
        if self.skip and (min(self.skip) < 1 or max(self.skip) >= self.hidden_layers):
            raise ValueError(f"MLPConfig: skip layers must lie in 1 to {self.hidden_layers - 1}, got {self.skip}")
        check_finite(self)


@dataclass(frozen=True, kw_only=True)
class SirenConfig:
    """The sine network of SIREN: 198,657 parameters by default."""

    hidden_layers: int = 4
    """Number of hidden layers of sines. The published "three hidden layers" are those between the first and last."""
    width: int = 256
    """Units in a hidden layer."""
    frequency: float = 30.0
    """Factor w0 of the argument of every sine."""
    start: Literal["siren", "sphere", "multi-frequency"] = "siren"
    """First weights: siren, random as published; sphere, a sphere; multi-frequency, nearly a sphere with fine detail
    within reach, as DiGS has it."""
    scale: float = 0.5
    """Length that is 1 to the network, half the longest side of a shape as published: 0.5 for scans, 1 for meshes."""
    box: tuple[float, float] | None = None
    """Lowest and highest coordinate, on every axis, of the cube that is sampled and meshed; None: that of the fit."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_network("SirenConfig", hidden_layers=self.hidden_layers, width=self.width)
        if not (self.frequency > 0 and self.scale > 0):
            raise ValueError(f"SirenConfig: frequency and scale must be positive, got {self.frequency}, {self.scale}")
        least = {"siren": 1, "sphere": 2, "multi-frequency": 3}[self.start]
        if self.hidden_layers < least:
            raise ValueError(
                f"SirenConfig: a {self.start} start needs {least} hidden layers or more, got {self.hidden_layers}"
            )
        if self.box is not None and not self.box[0] < self.box[1]:
            raise ValueError(f"SirenConfig: box must be (low, high) with low < high, got {self.box}")
        check_finite(self)


@dataclass(frozen=True, kw_only=True)
class HashGridConfig:
    """A grid of eight levels under a small network: fast on a CPU, sharp to about 1/256 of the longest side."""

    levels: int = 8
    """Number of grid levels."""
    base: int = 8
    """Nodes per axis of the coarsest level."""
    finest: int = 256
    """Nodes per axis of the finest level."""
    features: int = 2
    """Number of features of a level."""
    log2_entries: int = 18
    """Base-2 logarithm of the largest table of a level; finer levels are hashed into it."""
    interpolation: Literal["linear", "smoothstep"] = "linear"
    """Interpolation between grid nodes; smoothstep gives continuous normals."""
    hidden_layers: int = 1
    """Hidden layers of the network."""
    width: int = 64
    """Units in a hidden layer."""
    beta: float = 100.0
    """Sharpness of the softplus; inf is a ReLU, which is faster and has a gradient that jumps."""
    reads_point: bool = True
    """Whether the network reads the point itself beside its features."""
    radius: float = 0.5
    """Radius of the sphere the field starts as; without reads_point it starts near 0 everywhere instead."""
    box: tuple[float, float] = (-0.8, 0.8)
    """Lowest and highest coordinate, on every axis, that the grid covers."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.radius > 0:
            raise ValueError(f"HashGridConfig: radius must be positive, got {self.radius}")
        if not self.box[0] < self.box[1]:
            raise ValueError(f"HashGridConfig: box must be (low, high) with low < high, got {self.box}")
        check_network("HashGridConfig", hidden_layers=self.hidden_layers, width=self.width, beta=self.beta)
        check_grid(
            "HashGridConfig",
            levels=self.levels,
            base=self.base,
            finest=self.finest,
            log2_entries=self.log2_entries,
            features=self.features,
        )
        check_finite(self)


@dataclass(frozen=True, kw_only=True)
class FeatureGridConfig:
    """A grid without a network: one number a node, interpolated and summed over the levels."""

    levels: int = 5
    """Number of grid levels."""
    base: int = 16
    """Nodes per axis of the coarsest level, which must fit its table."""
    finest: int = 128
    """Nodes per axis of the finest level."""
    log2_entries: int = 18
    """Base-2 logarithm of the largest table of a level; finer levels are hashed into it."""
    interpolation: Literal["linear", "smoothstep"] = "linear"
    """Interpolation between grid nodes; smoothstep gives continuous normals."""
    radius: float = 0.5
    """Radius of the sphere the field starts as."""
    box: tuple[float, float] = (-0.8, 0.8)
    """Lowest and highest coordinate, on every axis, that the grid covers."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.radius > 0:
            raise ValueError(f"FeatureGridConfig: radius must be positive, got {self.radius}")
        if not self.box[0] < self.box[1]:
            raise ValueError(f"FeatureGridConfig: box must be (low, high) with low < high, got {self.box}")
        check_grid(
            "FeatureGridConfig",
            levels=self.levels,
            base=self.base,
            finest=self.finest,
            log2_entries=self.log2_entries,
        )
        if self.base**3 > 2**self.log2_entries:
            raise ValueError(
                f"FeatureGridConfig: base^3 nodes must fit a table of 2^{self.log2_entries} rows, for the coarsest "
                f"level holds the sphere; got base {self.base}"
            )
        check_finite(self)


@dataclass(frozen=True, kw_only=True)
class LatentMLPConfig:
    """The decoder of DeepSDF, one network for many shapes: 1.84 million parameters by default."""

    hidden_layers: int = 8
    """Number of hidden layers."""
    width: int = 512
    """Units in a hidden layer."""
    latent: int = 256
    """Size of the code that says which shape it is."""
    skip: tuple[int, ...] = (4,)
    """Hidden layers, counted from 0, that also read code and point; the layer before each is narrower by their size."""
    dropout: float = 0.2
    """Share of hidden units left out in training."""
    weight_norm: bool = True
    """Learn length and direction of the weights of each hidden unit separately (weight normalisation)."""
    tanh: bool = True
    """Bound the values to (-1, 1) by tanh; they are then distances near the surface only."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("hidden_layers", "width", "latent"):
            if getattr(self, name) < 1:
                raise ValueError(f"LatentMLPConfig: {name} must be 1 or more, got {getattr(self, name)}")
        if any(not 0 < layer < self.hidden_layers for layer in self.skip):
            raise ValueError(f"LatentMLPConfig: skip layers must lie in 1 to {self.hidden_layers - 1}, got {self.skip}")
        if self.skip and self.width <= self.latent + 3:
            raise ValueError(
                f"LatentMLPConfig: width must exceed latent + 3 = {self.latent + 3} where a layer reads code and point "
                f"again, got {self.width}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"LatentMLPConfig: dropout must be a share in [0, 1), got {self.dropout}")


@dataclass(frozen=True, kw_only=True)
class DistanceGridConfig:
    """A signed distance at the nodes of bricks: fine where a surface is, coarser around it."""

    cell: float = 0.005
    """Distance between nodes at the surface; it doubles from level to level."""
    radius: float = 0.5
    """Radius of the sphere the field starts as."""
    box: tuple[float, float] = (-0.8, 0.8)
    """Lowest and highest coordinate, on every axis, that the nodes cover."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.radius > 0:
            raise ValueError(f"DistanceGridConfig: radius must be positive, got {self.radius}")
        if not self.box[0] < self.box[1]:
            raise ValueError(f"DistanceGridConfig: box must be (low, high) with low < high, got {self.box}")
        if not 1 / 2048 <= self.cell / (self.box[1] - self.box[0]) <= 1 / 8:
            raise ValueError(f"DistanceGridConfig: cell must be 1/2048 to 1/8 of the side of the box, got {self.cell}")
        check_finite(self)


_ENCODER = HashGridConfig(base=16, beta=math.inf, reads_point=False, box=(-1.05, 1.05))
_PUBLISHED = replace(_ENCODER, levels=16, finest=2048, log2_entries=19, hidden_layers=2, box=(-1.0, 1.0))

HASH_GRIDS: dict[str, HashGridConfig] = {
    "small": replace(_ENCODER, levels=8, finest=256, log2_entries=15, width=32),
    "fine": replace(_ENCODER, levels=12, finest=512, log2_entries=17, width=32),
    "torch-ngp": _PUBLISHED,
    "instant-ngp": _PUBLISHED,
}
"""Grids for meshes in [-1, 1]^3 by name: 1.7 MB, 9.3 MB, and the published one of 48.8 MB, which both systems share."""

FieldConfig: TypeAlias = (
    MLPConfig | SirenConfig | HashGridConfig | FeatureGridConfig | DistanceGridConfig | LatentMLPConfig
)
"""The config of any field."""

FIELD_KINDS: dict[str, type[FieldConfig]] = {
    "distance-grid": DistanceGridConfig,
    "feature-grid": FeatureGridConfig,
    "hash-grid": HashGridConfig,
    "latent-mlp": LatentMLPConfig,
    "mlp": MLPConfig,
    "siren": SirenConfig,
}
"""Field configs by the name that files use."""


def one_config(kind: type[Config], config: Config | None, options: Mapping[str, Any]) -> Config:
    """The given config, or one of this kind made from options; a field takes either, never both.

    Raises:
        TypeError: Both are given, the config is of another kind, or it has no such option.

    >>> one_config(MLPConfig, None, {"width": 64}).width
    64
    """
    if config is None:
        return kind(**options)
    if options:
        raise TypeError(f"give a {kind.__name__} or options, not both: got a config and {', '.join(options)}")
    if not isinstance(config, kind):
        raise TypeError(f"config must be a {kind.__name__}, got {type(config).__name__}")
    return config
