"""Config of the vector-set autoencoder: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass, field

from diffshape._bounds import check_finite
from diffshape._typed import check_settings

STEPS = 3000
"""Default number of training steps."""


@dataclass(frozen=True, kw_only=True)
class VecSetNetwork:
    """Some surface points look at all of them and become vectors; these look at one another, then points in space at
    them."""

    vectors: int = 32
    """Vectors of a shape, and surface points that become them."""
    width: int = 64
    """Features of a vector; a multiple of ``heads``."""
    layers: int = 3
    """Layers of self-attention between the vectors of the code and the decoder."""
    heads: int = 4
    """Attention heads of these layers."""
    bottleneck: int | None = None
    """Numbers that are kept of each vector, random in training with a normal prior; None keeps the vectors as they
    are."""
    drop_path: float = 0.0
    """Share of shapes that a part of a self-attention layer is skipped for in training."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("vectors", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise ValueError(f"VecSetNetwork: {name} must be 1 or more, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(
                f"VecSetNetwork: width must be a multiple of heads, got {self.width} and {self.heads} heads"
            )
        if self.bottleneck is not None and self.bottleneck < 1:
            raise ValueError(f"VecSetNetwork: bottleneck must be 1 or more, or None, got {self.bottleneck}")
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"VecSetNetwork: drop_path must be a share in [0, 1), got {self.drop_path}")

    @property
    def latent(self) -> int:
        """Size of a code: all its vectors in a row."""
        return self.vectors * (self.bottleneck or self.width)


@dataclass(frozen=True, kw_only=True)
class VecSetConfig:
    """An autoencoder from surface points to a set of vectors, to the occupancy of any point; minutes on a CPU."""

    network: VecSetNetwork = field(default_factory=VecSetNetwork)
    """Encoder and decoder."""
    batch: int = 8
    """Shapes in a batch, drawn without repetition; all of them if there are fewer."""
    points: int = 512
    """Surface points of each shape that are read in a step; at least ``network.vectors``."""
    volume: int = 256
    """Points in the volume of each shape in a step."""
    near: int = 256
    """Points near the surface of each shape in a step; 0 for shapes that have none."""
    near_weight: float = 1.0
    """Weight of the loss at points near the surface, 0.1 as published; in the volume it is 1."""
    kl_weight: float = 1e-3
    """Weight of the divergence from the normal prior, a mean over its numbers; used with a bottleneck only."""
    lr: float = 2e-3
    """Largest learning rate of Adam."""
    warmup: float = 0.05
    """Share of the budget over which the learning rate grows from 0; it then falls to 0 by half a cosine."""
    weight_decay: float = 0.01
    """Decoupled weight decay."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name, least in (("batch", 1), ("volume", 1), ("near", 0), ("points", self.network.vectors)):
            if getattr(self, name) < least:
                raise ValueError(f"VecSetConfig: {name} must be {least} or more, got {getattr(self, name)}")
        for name in ("near_weight", "kl_weight", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"VecSetConfig: {name} must be 0 or more, got {getattr(self, name)}")
        if not self.lr > 0:
            raise ValueError(f"VecSetConfig: lr must be positive, got {self.lr}")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"VecSetConfig: warmup must be a share in [0, 1), got {self.warmup}")
        check_finite(self)


PUBLISHED_VECSET = VecSetConfig(
    network=VecSetNetwork(vectors=512, width=512, layers=24, heads=8, bottleneck=64, drop_path=0.1),
    batch=256,
    points=2048,
    volume=1024,
    near=1024,
    near_weight=0.1,
    lr=1e-4,
)
"""Settings of the published networks and their training: days on eight GPUs."""
