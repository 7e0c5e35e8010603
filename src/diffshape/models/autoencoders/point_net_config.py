"""Config of the PointNet autoencoder: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass, field
from typing import Literal

from diffshape._bounds import check_finite, check_whole
from diffshape._typed import check_settings

STEPS = 1000
"""Default number of training steps of an autoencoder."""


@dataclass(frozen=True, kw_only=True)
class PointNetNetwork:
    """A network on each point and the maximum over the points, to a code; a perceptron from the code to all points."""

    points: int = 1024
    """Number of points that are generated; clouds of any size are read."""
    encoder: tuple[int, ...] = (32, 64, 64, 128)
    """Features of each point, layer by layer, before those of the code; batch norm and ReLU follow each layer."""
    latent: int = 64
    """Size of the code."""
    final_relu: bool = False
    """End the encoder in a ReLU, as published: codes are then 0 or more, and where the maximum over the points is 0
    they say nothing. Without it, codes are easier to generate."""
    decoder: tuple[int, ...] = (256, 256)
    """Hidden sizes between code and points."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("points", "latent"):
            check_whole(f"PointNetNetwork: {name}", getattr(self, name), 1)
        for name in ("encoder", "decoder"):
            if not all(size >= 1 for size in getattr(self, name)):
                raise ValueError(f"PointNetNetwork: {name} must hold sizes of 1 or more, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class PointNetConfig:
    """The autoencoder of latent_3d_points: 1,024 points and codes of 64 numbers take minutes on one CPU thread."""

    loss: Literal["chamfer", "earth_mover"] = "chamfer"
    """chamfer: mean a^2 + mean b^2 over distances to nearest points both ways. earth_mover: mean distance between the
    points of the best one-to-one matching; its codes are better to generate from, a step takes many times longer."""
    solver: Literal["exact", "auction"] | None = None
    """Solver of the matching of "earth_mover", used by no other loss; None is exact."""
    network: PointNetNetwork = field(default_factory=PointNetNetwork)
    """Network of the autoencoder."""
    lr: float = 1e-3
    """Learning rate of Adam; it falls along half a cosine to a hundredth."""
    batch: int = 16
    """Shapes in a batch, drawn without repetition; all of them if there are fewer. Of each, as many points are drawn
    as the network generates."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_finite(self)
        check_whole("PointNetConfig: batch", self.batch, 1)
        if not self.lr > 0:
            raise ValueError(f"PointNetConfig: lr must be positive, got {self.lr}")
        if self.solver is not None and self.loss != "earth_mover":
            raise ValueError(f"PointNetConfig: solver acts only with loss earth_mover, got loss {self.loss}")


PUBLISHED_POINT_NET = PointNetConfig(
    network=PointNetNetwork(points=2048, encoder=(64, 128, 128, 256), latent=128, final_relu=True), lr=5e-4, batch=50
)
"""The network and batches of latent_3d_points: 1.77 million parameters, 500 epochs in the paper."""
