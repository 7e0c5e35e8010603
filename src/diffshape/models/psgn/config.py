"""Config of image-to-points networks and their training: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass, field
from typing import Any, Literal

from diffshape._bounds import check_finite, check_whole
from diffshape._typed import check_settings

STEPS = 2000
"""Default number of training steps."""
Scheme = Literal["deterministic", "min_of_n", "vae"]
"""Names of the training schemes."""
_USED_BY = {
    "latent": ("min_of_n", "vae"),
    "candidates": ("min_of_n",),
    "relaxation": ("min_of_n",),
    "kl_weight": ("vae",),
}
"""Schemes that read a setting, by its name; any other must leave it None."""


@dataclass(frozen=True, kw_only=True)
class PSGNNetwork:
    """Convolutions from an image to its code, and a decoder from there to points.

    The points of the fully connected branch come from the code alone. With a ``grid_level`` there is a second branch,
    the hourglass, which goes up, down and up again through maps of the image, and in which a point belongs to a pixel.
    """

    size: tuple[int, int] = (64, 64)
    """Height and width of the images in pixels, multiples of 2 to the number of widths after the first."""
    widths: tuple[int, ...] = (8, 16, 32, 64, 128)
    """Channels of the maps at 1, 1/2, 1/4, ... of the image; the last map is its code."""
    hidden: tuple[int, ...] = (512, 512)
    """Hidden sizes of the fully connected branch."""
    points: int = 512
    """Points of the fully connected branch."""
    grid_level: int | None = None
    """Halvings of the image to the map whose every pixel becomes a point of the hourglass branch; None for no such
    branch."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("widths", "hidden"):
            if not getattr(self, name) or min(getattr(self, name)) < 1:
                raise ValueError(f"PSGNNetwork: {name} must hold sizes of 1 or more, got {getattr(self, name)}")
        if len(self.widths) < 3:
            raise ValueError(f"PSGNNetwork: widths must hold three sizes or more, got {self.widths}")
        check_whole("PSGNNetwork: points", self.points, 1)
        coarsest = 2**self.levels
        if any(side < coarsest or side % coarsest for side in self.size):
            raise ValueError(f"PSGNNetwork: size must be two multiples of {coarsest}, got {self.size}")
        if self.grid_level is not None:
            check_whole("PSGNNetwork: grid_level", self.grid_level, 1, self.levels - 1)

    @property
    def levels(self) -> int:
        """Halvings from the image to its code."""
        return len(self.widths) - 1

    @property
    def count(self) -> int:
        """Points of an answer, those of both branches."""
        if self.grid_level is None:
            return self.points
        height, width = self.size
        return self.points + (height >> self.grid_level) * (width >> self.grid_level)


@dataclass(frozen=True, kw_only=True)
class PSGNConfig:
    """A network from an image to points, and how it is trained; the default takes some minutes on one CPU thread.

    A setting that the chosen scheme has no use for must stay None.
    """

    network: PSGNNetwork = field(default_factory=PSGNNetwork)
    """Encoder of the image and decoder to points."""
    scheme: Scheme = "min_of_n"
    """Training scheme. deterministic: one answer to an image. min_of_n: answers from random vectors, of which the best
    in each step is trained. vae: answers from random vectors, which in training are drawn from what is found of the
    true points."""
    latent: int | None = None
    """Size of the random vector, not for "deterministic"; None is 2. The larger it is, the longer it takes
    until parts of its range lead to different answers."""
    candidates: int | None = None
    """Answers n of which "min_of_n" trains the best; None is 12. With few, an answer that is wrong is often the best
    there is, and is drawn away from where it belongs: some of what is possible is then never learnt."""
    relaxation: float | None = None
    """Weight that "min_of_n" shares out among the answers that are not best, in [0, 1), so that none is left without
    training; None is 0."""
    kl_weight: float | None = None
    """Weight of the Kullback-Leibler divergence in "vae", in the unit of the loss: the lower, the more answers differ
    and the less they follow the image alone; None is 0.0003."""
    reads: Literal["images", "depths"] = "images"
    """Images that are read: the set's "images" (silhouettes or grey) or its "depths"."""
    frame: Literal["camera", "object"] = "camera"
    """Coordinates of the answers: turned with the camera, as published, or those of the set, which ask the network to
    recognise the direction of view."""
    loss: Literal["chamfer", "weighted_chamfer", "earth_mover"] = "chamfer"
    """Distance to the true points. chamfer: mean squared distance to the nearest point, both ways, summed.
    weighted_chamfer: the same with half the weight for the way from answer to truth, as published. earth_mover: mean
    distance in the best pairing, for as many true points as the network gives."""
    target_points: int = 512
    """True points of each shape in a step, drawn anew."""
    batch: int = 16
    """Images in a step, each of a shape and a view drawn at random."""
    lr: float = 1e-3
    """Learning rate of Adam; it falls to 0 along a cosine."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name, scheme in _USED_BY.items():
            if getattr(self, name) is not None and self.scheme not in scheme:
                raise ValueError(f"PSGNConfig: {name} acts only with scheme {' or '.join(scheme)}, got {self.scheme}")
        for name, least in (("target_points", 1), ("batch", 1), ("latent", 1), ("candidates", 1)):
            value: Any = getattr(self, name)
            if value is not None:
                check_whole(f"PSGNConfig: {name}", value, least)
        if self.relaxation is not None and not 0 <= self.relaxation < 1:
            raise ValueError(f"PSGNConfig: relaxation must lie in [0, 1), got {self.relaxation}")
        if self.kl_weight is not None and not self.kl_weight >= 0:
            raise ValueError(f"PSGNConfig: kl_weight must be 0 or more, got {self.kl_weight}")
        if not self.lr > 0:
            raise ValueError(f"PSGNConfig: lr must be positive, got {self.lr}")
        if self.loss == "earth_mover" and self.target_points != self.network.count:
            raise ValueError(
                f"PSGNConfig: with loss earth_mover, target_points must be as many as the network gives, "
                f"{self.network.count}, got {self.target_points}"
            )
        check_finite(self)

    @property
    def noise(self) -> int:
        """Size of the random vector; 0 if there is none."""
        return 0 if self.scheme == "deterministic" else _given(self.latent, 2)

    @property
    def tries(self) -> int:
        """Answers of which "min_of_n" trains the best."""
        return _given(self.candidates, 12)

    @property
    def shared(self) -> float:
        """Weight of the answers that are not best in "min_of_n"."""
        return _given(self.relaxation, 0.0)

    @property
    def divergence_weight(self) -> float:
        """Weight of the divergence in "vae"."""
        return _given(self.kl_weight, 3e-4)


PUBLISHED_PSGN = PSGNConfig(
    network=PSGNNetwork(
        size=(192, 256), widths=(16, 32, 64, 128, 256, 512, 512), hidden=(2048, 1024), points=256, grid_level=3
    ),
    scheme="deterministic",
    loss="weighted_chamfer",
    target_points=16_384,
    batch=32,
    lr=3e-5,
)
"""Network and loss of the released code: the hourglass with 768 + 256 points, for 192 x 256 pixels, without a random
vector; days on a GPU. It reads one channel where the code reads colours and mask, and leaves out its weight decay."""


def _given(value: Any, usual: Any) -> Any:
    return usual if value is None else value
