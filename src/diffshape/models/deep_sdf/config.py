"""Config of DeepSDF: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass, field

from diffshape._bounds import check_finite
from diffshape._typed import check_settings
from diffshape.fields.config import LatentMLPConfig

STEPS = 2000
"""Default number of training steps."""


def _small() -> LatentMLPConfig:
    return LatentMLPConfig(hidden_layers=4, width=128, latent=16, skip=(2,), dropout=0.0)


@dataclass(frozen=True, kw_only=True)
class DeepSDFConfig:
    """A decoder and codes for one family of shapes, learnt together; the default takes about a minute on two cores.

    Lengths are in the frame of the family, in which all its shapes lie within a ball of radius 1 / 1.03. What the
    paper counts in its 2,001 epochs is a share of the budget here.
    """

    network: LatentMLPConfig = field(default_factory=_small)
    """Network and size of the codes."""
    clamp: float = 0.1
    """Distance from the surface up to which distances are learnt, in the frame of the family."""
    code_weight: float = 1e-4
    """Weight of the mean norm of the codes: the norm as in the released code, not its square as in the paper."""
    code_ramp: float = 100 / 2001
    """Share of the budget over which the weight of the codes grows from 0 to code_weight."""
    lr: float = 4e-3
    """Learning rate of the network."""
    code_lr: float = 8e-3
    """Learning rate of the codes."""
    halve: float = 500 / 2001
    """Share of the budget after which both learning rates are halved, repeatedly."""
    batch: int = 16
    """Shapes in a batch, drawn without repetition; all of them if there are fewer."""
    points: int = 256
    """Points of each shape in a batch, half of them outside and half inside."""
    samples: int = 20_000
    """Points of each shape with known distances, from which those of a batch are drawn."""
    near: float = 0.94
    """Share of the samples near the surface; the others are uniform in the cube about the unit ball."""
    spreads: tuple[float, float] = (0.0707, 0.0224)
    """Two standard deviations, in the frame of the family; each point drawn on the surface is moved by both, one at a
    time, to two samples near it."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("clamp", "lr", "code_lr", "halve"):
            if not getattr(self, name) > 0:
                raise ValueError(f"DeepSDFConfig: {name} must be positive, got {getattr(self, name)}")
        for name in ("code_weight", "code_ramp"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"DeepSDFConfig: {name} must be 0 or more, got {getattr(self, name)}")
        for name, least in (("batch", 1), ("points", 2), ("samples", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"DeepSDFConfig: {name} must be {least} or more, got {getattr(self, name)}")
        if not 0 <= self.near <= 1:
            raise ValueError(f"DeepSDFConfig: near must be a share in [0, 1], got {self.near}")
        if min(self.spreads) < 0:
            raise ValueError(f"DeepSDFConfig: spreads must be two lengths of 0 or more, got {self.spreads}")
        check_finite(self)


PUBLISHED_DEEP_SDF = DeepSDFConfig(
    network=LatentMLPConfig(), lr=5e-4, code_lr=1e-3, batch=64, points=16_384, samples=500_000
)
"""The settings of the paper: hours on eight GPUs."""
