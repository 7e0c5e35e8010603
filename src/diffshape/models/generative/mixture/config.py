"""Config of a Gaussian mixture of codes: a plain frozen dataclass that needs no torch."""

from dataclasses import dataclass

from diffshape._bounds import check_finite, check_whole
from diffshape._typed import check_settings

ROUNDS = 200
"""Default largest number of rounds of expectation-maximisation."""


@dataclass(frozen=True, kw_only=True)
class MixtureConfig:
    """A mixture of Gaussians with full covariances, of codes brought to mean 0 and standard deviation 1."""

    components: int = 8
    """Number of Gaussians, at most that of the shapes."""
    ridge: float = 0.01
    """Variance added in every direction to each Gaussian: the more, the farther its samples are from single shapes."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_finite(self)
        check_whole("MixtureConfig: components", self.components, 1)
        if not self.ridge > 0:
            raise ValueError(f"MixtureConfig: ridge must be positive, got {self.ridge}")


PUBLISHED_MIXTURE = MixtureConfig(components=32, ridge=1e-6)
"""The best mixture of latent_3d_points, for thousands of shapes: 32 Gaussians."""
