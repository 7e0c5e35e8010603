"""A landmark network ready for use: from images to landmarks with standard deviations, in pixels of the image."""

import math
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_whole
from diffshape._config import from_plain, to_plain
from diffshape._reprs import one_line
from diffshape.losses import LandmarkLoss, Skeleton
from diffshape.models.files import write_model
from diffshape.models.landmarks.config import (
    NETWORK_KINDS,
    LandmarkObjective,
    LandmarkTransformerConfig,
    LandmarkUNetConfig,
    NetworkConfig,
)
from diffshape.models.landmarks.output import LandmarkOutput
from diffshape.ops import heatmap_dark, heatmap_soft_argmax, resize_landmarks
from diffshape.ops.eval_mode import eval_mode


class LandmarkPrediction(NamedTuple):
    """Landmarks (N, K, 2) as (x, y), and the coordinates' standard deviations (N, K, 2), in pixels of the image."""

    landmarks: Float[Tensor, "n k 2"]
    deviations: Float[Tensor, "n k 2"]

    __repr__ = one_line


class LandmarkDetector(nn.Module):
    """A network that finds landmarks, with the objective that it is trained with and whose decoder reads its heat-maps.

    Args:
        skeleton: Landmarks, and the vertebrae that they belong to.
        network: Config of the network; ``LandmarkUNetConfig()`` if not given.
        objective: Losses, and the decoder of the heat-maps; ``LandmarkObjective()`` if not given.
    """

    KIND: ClassVar[str] = "landmarks"
    """Name of such a model in its config.yaml."""

    @checked
    def __init__(
        self,
        skeleton: Skeleton,
        network: NetworkConfig | None = None,
        objective: LandmarkObjective | None = None,
    ) -> None:
        super().__init__()
        self.skeleton, self.config = skeleton, objective or LandmarkObjective()
        self.network_config = network or LandmarkUNetConfig()
        self.objective = landmark_loss(self.config, skeleton)
        start = 2 * math.log(self.config.scale)
        self.network = landmark_network(skeleton, self.network_config, start)

    @property
    def stride(self) -> int:
        """Image pixels for each pixel of a heat-map."""
        return int(self.network.stride)  # type: ignore[arg-type]

    @checked
    def forward(self, images: Float[Tensor, "b 1 h w"]) -> LandmarkOutput:
        """Heat-maps and ln(variance) of images (B, 1, H, W), as the objective takes them."""
        if images.ndim != 4 or images.shape[1] != 1:
            raise ValueError(f"LandmarkDetector: images must have shape (B, 1, H, W), got {tuple(images.shape)}")
        return self.network(standardized(images))

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        settings = {
            "skeleton": to_plain(self.skeleton),
            "network": to_plain(self.network_config, NETWORK_KINDS),
            "objective": to_plain(self.config),
        }
        write_model(folder, self.KIND, settings, self.state_dict())

    @torch.no_grad()
    @checked
    def detect(self, images: Float[Tensor, "n 1 h w"], *, batch: int = 16) -> LandmarkPrediction:
        """Landmarks of any number of images, and their standard deviations.

        Args:
            images: (N, 1, H, W), of a height and width that suit the network.
            batch: Images that go through the network at once.

        Raises:
            ValueError: ``images`` have another shape, or ``batch`` is below 1.
        """
        check_whole("LandmarkDetector.detect: batch", batch, 1)
        if images.ndim != 4 or images.shape[1] != 1:
            raise ValueError(f"LandmarkDetector.detect: images must have shape (N, 1, H, W), got {tuple(images.shape)}")
        device = next(self.network.parameters()).device
        with eval_mode(self):
            parts = [self._read(self(piece.to(device))) for piece in images.split(min(batch, max(len(images), 1)))]
        return LandmarkPrediction(*(torch.cat(part) for part in zip(*parts)))

    def _read(self, output: LandmarkOutput) -> LandmarkPrediction:
        logits = self.config.heatmap == "divergence"
        if self.config.decoder == "soft_argmax":
            landmarks = heatmap_soft_argmax(output.heatmaps, from_logits=logits)
        else:
            maps = output.heatmaps
            landmarks = heatmap_dark(maps.flatten(-2).softmax(-1).reshape(maps.shape) if logits else maps)
        deviations = (self.objective.bound_log_variance(output.log_variance) / 2).exp()
        return LandmarkPrediction(resize_landmarks(landmarks, self.stride), deviations * self.stride)


def saved_detector(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> LandmarkDetector:
    """The detector of the settings and weights that ``save`` wrote."""
    network = from_plain(NetworkConfig, settings["network"], NETWORK_KINDS)
    if isinstance(network, LandmarkTransformerConfig):
        network = replace(network, pretrained=False)  # all weights are in the file
    objective = from_plain(LandmarkObjective, settings["objective"])
    detector = LandmarkDetector(from_plain(Skeleton, settings["skeleton"]), network, objective)
    detector.load_state_dict(tensors)
    return detector.eval()


def landmark_loss(config: LandmarkObjective, skeleton: Skeleton) -> LandmarkLoss:
    """The objective of a config."""
    options = {name: value for name, value in vars(config).items() if name != "decoder"}
    return LandmarkLoss(skeleton, **options)


def landmark_network(skeleton: Skeleton, config: NetworkConfig, start: float) -> nn.Module:
    """The network of a config, with as many maps as the skeleton has landmarks."""
    if isinstance(config, LandmarkUNetConfig):
        from diffshape.models.landmarks.unet import LandmarkUNet

        return LandmarkUNet(skeleton.count, config, start=start)
    from diffshape.models.landmarks.transformer import LandmarkTransformer

    return LandmarkTransformer(skeleton, config, start=start)


def standardized(images: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Each image with mean 0 and deviation 1, so that exposure does not matter."""
    mean = images.mean((-3, -2, -1), keepdim=True)
    return (images - mean) / (images.std((-3, -2, -1), keepdim=True) + 1e-3)
