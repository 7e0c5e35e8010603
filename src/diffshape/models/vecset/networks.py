"""The networks of a vector-set autoencoder: attention between points, vectors, and points.

Every part normalises what it reads (Xiong et al., ICML 2020). Source: Zhang, Tang, Niessner, Wonka, 3DShape2VecSet,
SIGGRAPH 2023, and its released code.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from diffshape.models.divergence import normal_divergence
from diffshape.models.vecset.config import VecSetNetwork
from diffshape.models.waves import with_waves
from diffshape.ops import farthest_points, gather_points
from diffshape.training.parallel import normal_like, uniform_like

_OCTAVES = 8
"""Frequencies of the waves that describe a coordinate."""
FEATURES = 6 * _OCTAVES + 3
"""Numbers that describe a point: waves of its coordinates, and these."""
_SCALE = 2.0
"""Factor from coordinates of the set to those between -1 and 1."""
_WIDER = 4
"""Width within a perceptron, in widths of a vector."""


def point_features(points: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 51"]:
    """The three coordinates u = 2 x, then sin(2^k pi u) and cos(2^k pi u), k = 0 to 7, of each: 51 numbers a point.

    >>> point_features(torch.zeros(1, 1, 3)).sum()
    tensor(24.)
    """
    return with_waves(_SCALE * points, _OCTAVES)


class Attention(nn.Module):
    """What queries (B, Q, W) find in a context (B, C, W); nothing is added to it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_queries = nn.Linear(width, width, bias=False)
        self.to_keys_and_values = nn.Linear(width, 2 * width, bias=False)
        self.to_features = nn.Linear(width, width)

    def forward(self, queries: Float[Tensor, "b q w"], context: Float[Tensor, "b c w"]) -> Float[Tensor, "b q w"]:
        """Features found."""
        keys, values = self.to_keys_and_values(context).chunk(2, -1)
        asked, keys, values = (self._heads(part) for part in (self.to_queries(queries), keys, values))
        found = scaled_dot_product_attention(asked, keys, values)  # (B, heads, Q, W / heads)
        return self.to_features(found.transpose(1, 2).flatten(2))

    def _heads(self, features: Float[Tensor, "b n w"]) -> Float[Tensor, "b h n v"]:
        return features.unflatten(2, (self.heads, -1)).transpose(1, 2)


class CrossAttention(nn.Module):
    """Attention of one head in which queries and context are normalised first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = Attention(width, 1)

    def forward(self, queries: Float[Tensor, "b q w"], context: Float[Tensor, "b c w"]) -> Float[Tensor, "b q w"]:
        """Features found."""
        return self.attention(self.norms[0](queries), self.norms[1](context))


class GatedPerceptron(nn.Module):
    """W_2 (u * gelu(v)) of normalised features, u and v the two halves of W_1 x (GEGLU: Shazeer, arXiv 2002.05202)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 2 * _WIDER * width)
        self.narrow = nn.Linear(_WIDER * width, width)

    def forward(self, features: Float[Tensor, "b n w"]) -> Float[Tensor, "b n w"]:
        """Features (B, N, W), each by itself."""
        values, gates = self.wide(self.norm(features)).chunk(2, -1)
        return self.narrow(values * gelu(gates))


class SelfAttentionLayer(nn.Module):
    """x + attention of x in x, then x + perceptron(x); in training either sum is left out for some shapes."""

    def __init__(self, network: VecSetNetwork) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(network.width)
        self.attention = Attention(network.width, network.heads)
        self.perceptron = GatedPerceptron(network.width)
        self.drop_path = network.drop_path

    def forward(self, vectors: Float[Tensor, "b m w"]) -> Float[Tensor, "b m w"]:
        """Vectors after the layer."""
        normed = self.norm(vectors)
        vectors = vectors + self._kept(self.attention(normed, normed))
        return vectors + self._kept(self.perceptron(vectors))

    def _kept(self, update: Float[Tensor, "b m w"]) -> Float[Tensor, "b m w"]:
        """Stochastic depth (Huang et al., ECCV 2016), by torch's global generator."""
        if not (self.training and self.drop_path):
            return update
        kept = torch.rand(len(update), 1, 1, device=update.device) >= self.drop_path
        return update * kept / (1 - self.drop_path)


class Posterior(NamedTuple):
    """Distribution of the numbers of the vectors (B, M, L): independent normal ones, or known where there is no
    ``log_variance``."""

    mean: Float[Tensor, "b m l"]
    log_variance: Float[Tensor, "b m l"] | None

    def sample(self, generator: torch.Generator) -> Float[Tensor, "b m l"]:
        """Vectors drawn by a generator on the CPU; the mean where nothing is random."""
        if self.log_variance is None:
            return self.mean
        noise = normal_like(self.mean, generator)
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def divergence(self) -> Float[Tensor, ""]:
        """KL divergence from the standard normal distribution, mean over all numbers: (m^2 + s^2 - 1 - ln s^2) / 2."""
        if self.log_variance is None:
            return self.mean.new_zeros(())
        return normal_divergence(self.mean, self.log_variance).mean()


class VecSetEncoder(nn.Module):
    """Surface points (B, N, 3) to vectors: some of them, far from one another, look at all."""

    def __init__(self, network: VecSetNetwork) -> None:
        super().__init__()
        self.network = network
        self.look, self.perceptron = CrossAttention(network.width), GatedPerceptron(network.width)
        if network.bottleneck:
            self.mean = nn.Linear(network.width, network.bottleneck)
            self.log_variance = nn.Linear(network.width, network.bottleneck)

    def forward(
        self, clouds: Float[Tensor, "b n 3"], features: Float[Tensor, "b n w"], generator: torch.Generator | None
    ) -> Posterior:
        """Vectors of clouds with these features. A generator draws the first of the chosen points; without one it is
        the farthest from the middle of the cloud, so that nothing is random and the order of the points has no say."""
        distances = (clouds - clouds.mean(1, keepdim=True)).square().sum(-1)
        start = (uniform_like(distances, generator) if generator else distances).argmax(1)
        chosen = farthest_points(clouds, self.network.vectors, start=start)
        vectors = gather_points(features, chosen)
        vectors = vectors + self.look(vectors, features)
        vectors = vectors + self.perceptron(vectors)
        if not self.network.bottleneck:
            return Posterior(vectors, None)
        return Posterior(self.mean(vectors), self.log_variance(vectors).clamp(-30, 20))


class VecSetDecoder(nn.Module):
    """Vectors to logits of occupancy: points in space look at the vectors, once these have looked at one another."""

    def __init__(self, network: VecSetNetwork) -> None:
        super().__init__()
        self.widen = nn.Linear(network.bottleneck, network.width) if network.bottleneck else nn.Identity()
        self.layers = nn.Sequential(*(SelfAttentionLayer(network) for _ in range(network.layers)))
        self.look, self.to_logit = CrossAttention(network.width), nn.Linear(network.width, 1)

    def forward(self, features: Float[Tensor, "b p w"], vectors: Float[Tensor, "b m l"]) -> Float[Tensor, "b p"]:
        """Logits at points with these features, which come in as what asks and not beside the answer."""
        return self.to_logit(self.look(features, self.layers(self.widen(vectors))))[..., 0]
