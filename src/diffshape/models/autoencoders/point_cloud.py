"""A transformer autoencoder of point clouds, whose codes do not depend on the order of the points.

Learned tokens look at the embedded points and at themselves; together they become the code. The code becomes tokens
again, and one learned query for each generated point, its features scaled by the code, looks at them. Tokens between
points and code keep the cost linear in the number of points: Lee et al., Set Transformer, ICML 2019; Jaegle et al.,
Perceiver, ICML 2021.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape import losses
from diffshape._arguments import checked
from diffshape.losses import LossTerms
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.config import PointCloudConfig
from diffshape.models.autoencoders.layers import AttentionLayer, linear, perceptron, run
from diffshape.models.clouds import check_cloud_pair
from diffshape.models.waves import waves

_OCTAVES = 3
"""Frequencies of the waves that describe a coordinate, each twice the last, from a half turn over a length of 1."""
_LOSSES: dict[str, Callable[..., Tensor]] = {
    "chamfer": losses.chamfer_distance,
    "density_aware_chamfer": losses.density_aware_chamfer_distance,
    "earth_mover": losses.earth_mover_distance,
    "hausdorff": losses.hausdorff_distance,
    "sinkhorn": losses.sinkhorn_divergence,
    "sliced_wasserstein": losses.sliced_wasserstein_distance,
}


class PointCloudModel(Autoencoder):
    """Clouds (B, N, 3) of any N to clouds (B, ``network.points``, 3).

    Coordinates should be of the order of 1. ``build_model`` makes one with weights from a seed.
    """

    KIND = "point-cloud"
    CONFIG = PointCloudConfig

    config: PointCloudConfig

    @checked
    def __init__(self, config: PointCloudConfig) -> None:
        super().__init__(config)
        network = config.network
        width, tokens = network.width, network.tokens
        self.embedding = perceptron([6 * _OCTAVES, width, width], network.activation, network.dropout)
        self.tokens = nn.Parameter(torch.randn(tokens, width))
        self.encoder = nn.ModuleList(AttentionLayer(network) for _ in range(network.layers))
        self.to_code = linear(tokens * width, network.latent)
        self.from_code = linear(network.latent, tokens * width)
        self.scales = linear(network.latent, width)
        self.queries = nn.Parameter(torch.randn(network.points, width))
        self.decoder = nn.ModuleList(AttentionLayer(network) for _ in range(network.layers))
        self.to_points = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3))

    @checked
    def encode(self, samples: Float[Tensor, "b n 3"]) -> Float[Tensor, "b latent"]:
        """Codes of clouds, the same for any order of their points."""
        if samples.ndim != 3 or samples.shape[-1] != 3 or not samples.shape[1]:
            raise ValueError(f"PointCloudModel: samples must have shape (B, N, 3), got {tuple(samples.shape)}")
        again = self.config.network.checkpointing
        points = run(self.embedding, waves(samples, _OCTAVES), again=again)
        tokens = self.tokens.expand(len(samples), -1, -1)
        for layer in self.encoder:
            tokens = run(layer, tokens, torch.cat([points, tokens], 1), again=again)
        return self.to_code(tokens.flatten(1))

    @checked
    def decode(self, codes: Float[Tensor, "b latent"]) -> Float[Tensor, "b points 3"]:
        """Clouds of codes."""
        self.check_codes(codes)
        network = self.config.network
        tokens = self.from_code(codes).unflatten(1, (network.tokens, network.width))
        queries = self.queries * (1 + self.scales(codes)[:, None])
        for layer in self.decoder:
            queries = run(layer, queries, tokens, again=network.checkpointing)
        return self.to_points(queries)

    @checked
    def loss(self, pred: Float[Tensor, "b n 3"], target: Float[Tensor, "b m 3"]) -> LossTerms:
        """The distance of ``diffshape.losses`` that the settings name, mean over the batch."""
        check_cloud_pair("PointCloudModel.loss", pred, target)
        options = {"squared": self.config.squared, "blur": self.config.blur}
        given = {name: value for name, value in options.items() if value is not None}
        value = _LOSSES[self.config.loss](pred, target, **given)
        return LossTerms(value, {self.config.loss: value})
