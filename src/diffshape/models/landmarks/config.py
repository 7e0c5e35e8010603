"""Config of landmark networks and their training: plain frozen dataclasses that need no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from diffshape._bounds import check_finite, check_whole
from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class LandmarkUNetConfig:
    """A small U-Net with one heat-map a landmark: minutes of training on a CPU."""

    widths: tuple[int, ...] = (16, 32, 64, 96, 128)
    """Channels of the features at 1/2, 1/4, 1/8, ... of the image; multiples of 8."""
    stride: int = 4
    """Image pixels for each pixel of a heat-map: 2, 4, 8, ..., at most 2 to the number of widths."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.widths or any(width < 8 or width % 8 for width in self.widths):
            raise ValueError(f"LandmarkUNetConfig: widths must be 1 or more positive multiples of 8, got {self.widths}")
        strides = [2 ** (level + 1) for level in range(len(self.widths))]
        if self.stride not in strides:
            raise ValueError(f"LandmarkUNetConfig: stride must be one of {strides}, got {self.stride}")

    @property
    def coarsest(self) -> int:
        """Number that height and width of an image must be multiples of, in pixels."""
        return 2 ** len(self.widths)


@dataclass(frozen=True, kw_only=True)
class LandmarkTransformerConfig:
    """The network of MAHT-Net's design: a pretrained backbone, a transformer, and attention of one query a landmark.

    Needs timm: ``pip install timm``.
    """

    backbone: str = "tf_efficientnetv2_s"
    """Name of the backbone in timm; it must give features at 1/4 and 1/32 of the image."""
    pretrained: bool = True
    """Whether training begins with the weights that timm downloads, not with random ones."""
    width: int = 256
    """Channels of tokens and queries; a multiple of 4 times heads."""
    heads: int = 8
    """Number of attention heads."""
    bridge_layers: int = 4
    """Number of transformer layers among the tokens at 1/32 of the image."""
    query_layers: int = 3
    """Number of layers in which landmark queries attend to each other and to the tokens."""
    feed_forward: int = 1024
    """Hidden units of each transformer layer."""
    dropout: float = 0.1
    """Share of hidden units left out in training."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("width", "heads", "bridge_layers", "query_layers", "feed_forward"):
            check_whole(f"LandmarkTransformerConfig: {name}", getattr(self, name), 1, 2**16)
        if self.width % (4 * self.heads):
            raise ValueError(
                f"LandmarkTransformerConfig: width must be a multiple of 4 heads, got {self.width} and {self.heads}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"LandmarkTransformerConfig: dropout must lie in [0, 1), got {self.dropout}")

    @property
    def coarsest(self) -> int:
        """Number that height and width of an image must be multiples of, in pixels."""
        return 32


NetworkConfig = LandmarkUNetConfig | LandmarkTransformerConfig
NETWORK_KINDS: Mapping[str, type] = {"unet": LandmarkUNetConfig, "transformer": LandmarkTransformerConfig}
"""Configs of networks by the name that files use."""


@dataclass(frozen=True, kw_only=True)
class LandmarkObjective:
    """Options of ``losses.LandmarkLoss``, and the decoder of the heat-maps; lengths in pixels of the heat-map."""

    heatmap: Literal["divergence", "adaptive_wing", "mse"] = "divergence"
    """Loss of the heat-maps, computed from logits by divergence, from values by adaptive_wing and mse."""
    coordinate: Literal["wing", "smooth_l1", "euclidean"] = "wing"
    """Loss of the coordinates that the soft argmax of the heat-maps gives."""
    uncertainty: Literal["beta", "gaussian", "laplace"] = "beta"
    """Negative log-likelihood of the errors under the predicted standard deviations."""
    lambda_heatmap: float = 1.0
    """Weight of the heat-map term; 0 leaves it out."""
    lambda_coordinate: float = 0.5
    """Weight of the coordinate term; 0 leaves it out."""
    lambda_anatomical: float = 0.1
    """Weight of the anatomical term, the order and shape of the vertebrae; 0 leaves it out."""
    lambda_uncertainty: float = 0.1
    """Weight of the likelihood term; 0 leaves it out."""
    sigma: float = 1.0
    """Standard deviation of the target heat-maps, in pixels of the heat-map."""
    scale: float = 4.0
    """Error that counts as a miss, in pixels of the heat-map: unit of the errors, from where wing and smooth_l1 are
    linear."""
    learn_weights: bool = False
    """Learn the weights of the terms during training; they begin at the lambdas."""
    decoder: Literal["soft_argmax", "dark"] = "soft_argmax"
    """Decoder from heat-maps to landmarks once trained; training always goes through the soft argmax."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("lambda_heatmap", "lambda_coordinate", "lambda_anatomical", "lambda_uncertainty"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"LandmarkObjective: {name} must be 0 or more, got {getattr(self, name)}")
        if not (self.sigma > 0 and self.scale > 0):
            raise ValueError(f"LandmarkObjective: sigma and scale must be positive, got {self.sigma} and {self.scale}")
        if self.decoder not in ("soft_argmax", "dark"):
            raise ValueError(f"LandmarkObjective: decoder must be 'soft_argmax' or 'dark', got {self.decoder!r}")
        check_finite(self)


@dataclass(frozen=True, kw_only=True)
class LandmarkTraining:
    """Batches, learning rate, and random changes of the training images."""

    batch: int = 8
    """Images in a batch."""
    lr: float = 3e-3
    """Largest learning rate, reached after a tenth of the budget, from where it falls to 0."""
    weight_decay: float = 1e-2
    """Decoupled weight decay: each step shrinks the weights of the network by the share lr * weight_decay."""
    clip: float = 5.0
    """Gradient norm to which larger gradients are scaled down."""
    rotate: float = 4.0
    """Largest angle by which training images are turned, in degrees, to either side."""
    zoom: float = 0.05
    """Largest share by which training images are made larger or smaller."""
    shift: float = 0.03
    """Largest shift of training images, as a share of their size."""
    gain: float = 0.2
    """Largest share by which brightness and contrast of training images change."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not (self.lr > 0 and self.clip > 0):
            raise ValueError(f"LandmarkTraining: lr and clip must be positive, got {self.lr} and {self.clip}")
        for name, low in (("batch", 1), ("weight_decay", 0), ("rotate", 0), ("zoom", 0), ("shift", 0), ("gain", 0)):
            if getattr(self, name) < low:
                raise ValueError(f"LandmarkTraining: {name} must be at least {low}, got {getattr(self, name)}")
        if max(self.zoom, self.gain) >= 1:
            raise ValueError(f"LandmarkTraining: zoom and gain must be below 1, got {self.zoom} and {self.gain}")
        check_finite(self)


def check_size(name: str, size: tuple[int, int], network: NetworkConfig) -> None:
    """Images that suit a network.

    Args:
        name: The function or class that errors name.
        size: Height and width of the images.
        network: Config of the network.

    Raises:
        ValueError: A side is no multiple of what the network halves it to.
    """
    coarsest = network.coarsest
    if any(side < coarsest or side % coarsest for side in size):
        raise ValueError(
            f"{name}: the images' height and width must be multiples of {coarsest} for this network, "
            f"got {size[0]} and {size[1]}"
        )
