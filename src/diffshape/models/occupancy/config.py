"""Config of Occupancy Networks: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from diffshape._bounds import check_finite, check_number, check_whole
from diffshape._typed import check_settings

STEPS = 3000
"""Default number of training steps."""

ShapeInput: TypeAlias = Literal["points", "voxels", "images", "occupancies"]
"""Forms of a shape that an encoder reads."""
Conditioning: TypeAlias = Literal["additive", "film", "batch_norm", "once"]
"""Ways in which the code of a shape enters the decoder."""


@dataclass(frozen=True, kw_only=True)
class OccupancyConfig:
    """An encoder from shapes to codes and a decoder from points and codes to occupancy, trained together.

    The default is for minutes on a CPU. A training step draws some shapes and, of each, points in space; its loss is
    the cross-entropy of their occupancies, summed over the points of a shape, as published, so the number of points
    changes its size.
    """

    input: ShapeInput = "points"
    """What the encoder reads: points on the surface, voxels, one image, or points in space with their occupancies. The
    last is the unconditional variational autoencoder, whose codes are random and can be sampled."""
    code: int = 64
    """Size of the code."""
    width: int = 64
    """Units of a layer of the decoder."""
    blocks: int = 3
    """Residual blocks of the decoder, two layers each."""
    conditioning: Conditioning = "film"
    """How the code enters the decoder. additive: a linear map of it is added before each block. film: maps of it scale
    and shift there. batch_norm: it scales and shifts normalised features before each layer, as published. once: it is
    added behind the first layer alone, as published of the unconditional model."""
    encoder_width: int = 32
    """Units of the encoder: of a layer on points, or channels of the first convolution, which double at each halving
    of voxels or images."""
    encoder_blocks: int = 3
    """Residual blocks on points, or halvings of voxels or images; points with occupancies have two pooled layers."""
    waves: int = 3
    """Octaves k of sin(2^k pi x) and cos(2^k pi x) that the encoder reads of points beside the coordinates: it then
    learns many times faster. 0, as published, for the coordinates alone."""
    inputs: int = 128
    """Surface points that the encoder reads of a shape in a step, where it reads points."""
    noise: float = 0.005
    """Standard deviation of the noise on these points, along each axis."""
    points: int = 128
    """Points in space of each shape in a step."""
    near: float = 0.5
    """Share of these points drawn near the surface, the rest evenly in the cube of side 1.1. With 0, as published, a
    network may stay at "all is empty" for hundreds of steps."""
    kl_weight: float = 1 / 16
    """Weight of the Kullback-Leibler divergence, summed over the code, where codes are random. The cross-entropy is a
    sum over the points, so what counts is the weight over their number: 1/16 with 128 points is 1 with 2048, as
    published. With 1 and 128 points the codes are hardly used."""
    batch: int = 32
    """Shapes in a step, drawn without repetition; all of them if there are fewer."""
    lr: float = 2e-3
    """Learning rate; unless last_lr is 1, it is reached within the first fiftieth of the budget."""
    last_lr: float = 0.02
    """Share of the learning rate that is left at the end, after half a cosine; 1 keeps it constant."""
    validation: float = 0.05
    """Share of the shapes kept out of the training, on which the threshold is chosen; without any it is 0.5."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("code", "width", "encoder_width", "inputs", "points", "batch"):
            check_whole(f"OccupancyConfig: {name}", getattr(self, name), 1, 2**20)
        for name in ("blocks", "encoder_blocks"):
            check_whole(f"OccupancyConfig: {name}", getattr(self, name), 1, 100)
        check_whole("OccupancyConfig: waves", self.waves, 0, 16)
        for name in ("noise", "kl_weight"):
            check_number(f"OccupancyConfig: {name}", getattr(self, name), 0)
        for name in ("near", "last_lr"):
            check_number(f"OccupancyConfig: {name}", getattr(self, name), 0, 1)
        check_number("OccupancyConfig: lr", self.lr, 0, above=True)
        if not 0 <= self.validation < 1:
            raise ValueError(
                f"OccupancyConfig: validation must be a share of 0 or more, below 1, got {self.validation}"
            )
        check_finite(self)


PUBLISHED_OCCUPANCY = OccupancyConfig(
    input="points",
    code=512,
    width=256,
    blocks=5,
    conditioning="batch_norm",
    encoder_width=512,
    encoder_blocks=5,
    waves=0,
    inputs=300,
    points=2048,
    near=0.0,
    batch=64,
    lr=1e-4,
    last_lr=1.0,
)
"""Settings of the paper for completion of point clouds: days on a large GPU."""
PUBLISHED_VOXEL_OCCUPANCY = OccupancyConfig(
    input="voxels",
    code=256,
    width=256,
    blocks=5,
    conditioning="batch_norm",
    encoder_width=32,
    encoder_blocks=4,
    points=1024,
    near=0.0,
    batch=64,
    lr=1e-4,
    last_lr=1.0,
)
"""Settings of the paper for voxel super-resolution, from 32^3 voxels."""
PUBLISHED_OCCUPANCY_VAE = OccupancyConfig(
    input="occupancies",
    code=128,
    width=128,
    blocks=5,
    conditioning="once",
    encoder_width=128,
    waves=0,
    kl_weight=1.0,
    points=2048,
    near=0.0,
    batch=64,
    lr=1e-4,
    last_lr=1.0,
)
"""Settings of the paper for the unconditional model, which draws new shapes."""
