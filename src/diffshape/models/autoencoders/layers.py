"""Parts that the networks share: a perceptron, an attention layer, and a call that trades time for memory."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from diffshape.models.autoencoders.config import Activation, PointCloudNetwork

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": partial(nn.LeakyReLU, 0.2),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


def activation(name: Activation) -> nn.Module:
    """Module of the nonlinearity called ``name``; "leaky_relu" has slope 0.2 below 0."""
    return _ACTIVATIONS[name]()


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map that keeps the size of what passes a rectifier (He et al., ICCV 2015), without offset to begin with.

    With torch's own start, shapes differ less and less from layer to layer beside its random offsets, and networks
    spend hundreds of steps on the mean shape.
    """
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def perceptron(sizes: Sequence[int], nonlinearity: Activation, dropout: float) -> nn.Sequential:
    """Linear maps from each size to the next; a nonlinearity and dropout between them, not behind the last.

    >>> perceptron([3, 8, 2], "relu", 0.0)(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """
    layers: list[nn.Module] = []
    for size, following in pairwise(sizes[:-1]):
        layers += [linear(size, following), activation(nonlinearity), nn.Dropout(dropout)]
    return nn.Sequential(*layers, linear(sizes[-2], sizes[-1]))


def cloud_perceptron(sizes: Sequence[int], points: int) -> nn.Sequential:
    """A perceptron with ReLUs from features (B, ``sizes[0]``) to clouds (B, ``points``, 3) near the origin.

    The last weights begin at a tenth of those of ``linear``, because shapes lie within a length of 1: larger clouds
    spend hundreds of steps on shrinking.

    >>> cloud_perceptron([4, 8], 5)(torch.zeros(2, 4)).shape
    torch.Size([2, 5, 3])
    """
    layers = perceptron([*sizes, 3 * points], "relu", 0.0)
    last: nn.Linear = layers[-1]  # type: ignore[assignment]
    with torch.no_grad():
        last.weight *= 0.1
    return nn.Sequential(*layers, nn.Unflatten(1, (points, 3)))


class AttentionLayer(nn.Module):
    """q + attention(q, context), then q + perceptron(q), both of normalised features.

    Source: Vaswani et al., NeurIPS 2017, with the normalisation first (Xiong et al., ICML 2020).
    """

    def __init__(self, network: PointCloudNetwork) -> None:
        super().__init__()
        width = network.width
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.attention = nn.MultiheadAttention(width, network.heads, dropout=network.dropout, batch_first=True)
        self.perceptron = perceptron([width, *network.hidden, width], network.activation, network.dropout)

    def forward(self, queries: Float[Tensor, "b q w"], context: Float[Tensor, "b c w"]) -> Float[Tensor, "b q w"]:
        """Queries (B, Q, W), updated from a context (B, C, W)."""
        seen = self.norms[1](context)
        queries = queries + self.attention(self.norms[0](queries), seen, seen, need_weights=False)[0]
        return queries + self.perceptron(self.norms[2](queries))


def run(module: nn.Module, *inputs: Tensor, again: bool) -> Tensor:
    """``module(*inputs)``; with ``again`` in training, what is inside is computed anew in the backward pass.

    Source: Chen, Xu, Zhang, Guestrin, arXiv 1604.06174.
    """
    if again and module.training and torch.is_grad_enabled():
        return checkpoint(module, *inputs, use_reentrant=False)
    return module(*inputs)
