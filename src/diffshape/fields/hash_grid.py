"""A neural field on a multi-resolution grid: encoding, then a small softplus network.

    f(x) = network(x, phi(u)),   u = (x - low) / (high - low) in the unit cube of the field's box,

phi the features of ``ops.hash_encode``. Outside the box, where there is no grid, f(x) = f(x') + |x - x'| with x' the
nearest point of the box, so that the field stays a distance there. The network starts as a sphere (Gropp et al., IGR,
ICML 2020) because the tables start near 0. Source of the encoding: Mueller et al., Instant NGP, SIGGRAPH 2022.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.fields.config import HashGridConfig, one_config
from diffshape.fields.field import Field
from diffshape.fields.softplus_network import SoftplusNetwork
from diffshape.ops.hash_encode import GridLayout, hash_encode


class HashGrid(Field):
    """Grid encoding + softplus network, with the value and its gradient in one pass.

    ``fade`` (a buffer, one factor a level) lets a fit start with the coarse levels only and bring in the finer ones.

    Args:
        config: Sizes; ``HashGridConfig()`` if not given.
        generator: CPU generator of the first weights; ``None`` is a fresh one with seed 0.
        options: Settings of ``HashGridConfig`` by name, instead of ``config``.

    >>> field = HashGrid(levels=4, finest=32)
    >>> values, gradients = field.value_and_gradient(torch.tensor([[0.0, 0.0, 0.7]]))
    >>> values.shape, gradients.shape
    (torch.Size([1]), torch.Size([1, 3]))
    """

    def __init__(
        self, config: HashGridConfig | None = None, *, generator: torch.Generator | None = None, **options: object
    ) -> None:
        super().__init__()
        self.config = config = one_config(HashGridConfig, config, options)
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        self.grid = GridLayout(
            levels=config.levels,
            base=config.base,
            finest=config.finest,
            features=config.features,
            log2_entries=config.log2_entries,
            interpolation=config.interpolation,
        )
        tables = torch.rand(self.grid.entries, self.grid.features, generator=generator) * 2e-4 - 1e-4
        self.tables = torch.nn.Parameter(tables)
        self.network = SoftplusNetwork(
            3 + self.grid.channels,
            hidden_layers=config.hidden_layers,
            width=config.width,
            beta=config.beta,
            generator=generator,
        )
        _start_as_sphere(self.network, config.radius, generator)
        self.register_buffer("fade", torch.ones(self.grid.levels))

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        inside = points.clamp(*self.config.box)
        features = hash_encode(self._unit(inside), self.tables, self.grid, fade=self.fade)
        values = self.network(torch.cat([inside, features], dim=-1))
        return values + _length(points - inside)

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points: the network's gradient times the encoding's Jacobian."""
        low, high = self.config.box
        inside = points.clamp(low, high)
        beyond = points - inside
        features, jacobian = hash_encode(self._unit(inside), self.tables, self.grid, jacobian=True, fade=self.fade)
        values, gradients = self.network.value_and_gradient(torch.cat([inside, features], dim=-1))
        by_point = gradients[:, :3] + (gradients[:, 3:, None] * jacobian).sum(1) / (high - low)
        distance = _length(beyond)
        outside = beyond != 0
        gradient = torch.where(outside, beyond / distance.clamp_min(1e-30)[:, None], by_point)
        return values + distance, gradient

    def _unit(self, points: Tensor) -> Tensor:
        low, high = self.config.box
        return (points - low) / (high - low)


def _start_as_sphere(network: SoftplusNetwork, radius: float, generator: torch.Generator) -> None:
    """IGR's initialisation, reading the three coordinates only."""
    with torch.no_grad():
        network.weights[0][:, 3:] = 0
        width = network.weights[-1].shape[1]
        network.weights[-1].copy_(
            math.sqrt(math.pi / width) + 1e-5 * torch.randn(network.weights[-1].shape, generator=generator)
        )
        network.biases[-1].fill_(-radius)


def _length(vectors: Tensor) -> Tensor:
    """Euclidean length, with gradient 0 at 0."""
    squared = vectors.square().sum(-1)
    zero = squared == 0
    return torch.where(zero, 0.0, torch.where(zero, 1.0, squared).sqrt())
