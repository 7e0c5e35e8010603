"""Config of IM-NET: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from diffshape._bounds import check_finite
from diffshape._typed import check_settings

STEPS = 3000
"""Default number of training steps."""

Version: TypeAlias = Literal["improved", "original"]
"""Published networks: "original" is that of the paper's first code, "improved" that of its successor."""


@dataclass(frozen=True, kw_only=True)
class ImNetNetwork:
    """Voxels to a code by convolutions; a code and a point to an occupancy by a perceptron."""

    version: Version = "improved"
    """Network as published. "improved": layers of 8, 8, 8, 4, 2 and 1 widths, an output clipped to [0, 1] with a slope
    of 0.01 beyond, instance normalisation. "original": 16, 8, 4, 2 and 1 widths, each of the first five layers reads
    point and code anew, a sigmoid output, batch normalisation, coordinates twice as large."""
    initialization: Literal["kaiming", "published"] = "kaiming"
    """First weights of the perceptron. "published": N(0, 0.02^2), for a width of 128; narrow networks stall with it.
    "kaiming": by the number of inputs of each layer, for any width."""
    resolution: int = 32
    """Voxels a side that the encoder reads, a power of two from 8; of finer grids it reads means."""
    latent: int = 64
    """Size of the code; its numbers lie between 0 and 1."""
    width: int = 16
    """Features of the last layer of the perceptron, of which the others have multiples."""
    encoder_width: int = 8
    """Channels of the first convolution; each further one has twice as many."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("latent", "width", "encoder_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"ImNetNetwork: {name} must be 1 or more, got {getattr(self, name)}")
        if self.resolution < 8 or self.resolution & (self.resolution - 1):
            raise ValueError(f"ImNetNetwork: resolution must be a power of two of 8 or more, got {self.resolution}")


@dataclass(frozen=True, kw_only=True)
class ImNetConfig:
    """An autoencoder of voxels whose decoder gives the occupancy of any point; a few minutes on one CPU thread."""

    network: ImNetNetwork = field(default_factory=ImNetNetwork)
    """Encoder and decoder."""
    stages: tuple[int, ...] = (16, 32, 64)
    """Cells a side of each part of the training; each number divides the voxels a side of the shapes. A coarse cell is
    occupied where one of its voxels is."""
    shares: tuple[float, ...] = (0.25, 0.25, 0.5)
    """Share of the budget of each part; together 1."""
    cells: tuple[int, ...] = (4096, 8192, 32_768)
    """Cells kept of each shape in each part: those near the surface first, others at random; all if there are fewer."""
    batch: int = 8
    """Shapes in a batch, drawn without repetition; all of them if there are fewer."""
    points: int = 512
    """Cells of each shape in a batch, drawn from those that are kept."""
    fill: bool = False
    """Fill what voxels enclose before they are read, for shapes that are given as shells."""
    lr: float = 1e-3
    """Learning rate of Adam."""
    final: float = 0.1
    """Share of the learning rate that is left at the end, reached by the same ratio in every step; 1 as published."""
    beta: float = 0.5
    """Share of its first moment that Adam keeps in a step."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("stages", "cells"):
            if not getattr(self, name) or min(getattr(self, name)) < 1:
                raise ValueError(f"ImNetConfig: {name} must hold numbers of 1 or more, got {getattr(self, name)}")
        if not len(self.stages) == len(self.shares) == len(self.cells):
            raise ValueError(
                "ImNetConfig: stages, shares and cells must be as many, "
                f"got {len(self.stages)}, {len(self.shares)} and {len(self.cells)}"
            )
        if not min(self.shares) > 0 or not abs(sum(self.shares) - 1) < 1e-6:
            raise ValueError(f"ImNetConfig: shares must be positive and 1 together, got {self.shares}")
        for name in ("batch", "points"):
            if getattr(self, name) < 1:
                raise ValueError(f"ImNetConfig: {name} must be 1 or more, got {getattr(self, name)}")
        if not self.lr > 0:
            raise ValueError(f"ImNetConfig: lr must be positive, got {self.lr}")
        if not 0 < self.final <= 1:
            raise ValueError(f"ImNetConfig: final must be a share of the learning rate in (0, 1], got {self.final}")
        if not 0 <= self.beta < 1:
            raise ValueError(f"ImNetConfig: beta must lie in [0, 1), got {self.beta}")
        check_finite(self)


PUBLISHED_IMNET = ImNetConfig(
    network=ImNetNetwork(initialization="published", resolution=64, latent=256, width=128, encoder_width=32),
    batch=32,
    points=4096,
    lr=5e-5,
    final=1.0,
)
"""Settings of the improved networks and their training as published: days on a GPU."""
ORIGINAL_IMNET = ImNetConfig(
    network=ImNetNetwork(
        version="original", initialization="published", resolution=64, latent=128, width=128, encoder_width=32
    ),
    batch=1,
    points=16_384,
    lr=5e-5,
    final=1.0,
)
"""Settings of the first networks and their training as published: a shape at a time, days on a GPU."""
