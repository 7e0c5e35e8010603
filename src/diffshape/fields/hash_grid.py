"""A neural field on a multi-resolution grid: encoding, then a small softplus or ReLU network.

    f(x) = network(x, phi(u)) or network(phi(u)),   u = (x - low) / (high - low) in the unit cube of the field's box,

phi the features of ``ops.hash_encode``; beyond the box, where there is no grid, as in ``grid_box``.
Source of the encoding: Mueller et al., Instant NGP, SIGGRAPH 2022.

The field starts near |x| - radius: the first layer reads x only, and the last one is fitted. Geometric
initialisation (Gropp et al., IGR, ICML 2020) needs wider layers, whose random weights average to a sphere. A network
that reads features only starts near 0, as they are tiny.

With J the encoding's Jacobian and (s_x, s_phi) the network's gradient, df/dx = s_x + J^T s_phi. Backwards, the
cotangent g of this reaches the network's gradient as (g, J g), and J as the outer product of s_phi and g.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffshape._arguments import checked
from diffshape.fields.config import HashGridConfig, one_config
from diffshape.fields.grid_box import grow_outwards, nearest_in_box, to_unit_cube, turn_outwards
from diffshape.fields.grid_field import GridField
from diffshape.fields.half_precision import FusedHashGrid
from diffshape.fields.softplus_derivatives import up_and_down, up_and_down_backward
from diffshape.fields.softplus_network import SoftplusNetwork
from diffshape.ops.hash_grid.encode import encode_points, encode_points_backward, hash_encode
from diffshape.ops.hash_grid.perceptron import hash_perceptron
from diffshape.ops.transforms import is_transformed

_CHUNK = 2**15
"""Points evaluated at a time where no graph is kept, which bounds memory and keeps activations near the cache."""
_START_POINTS = 4096
"""Number of points at which the first weights are fitted to a sphere."""


class HashGrid(GridField):
    """Grid encoding + softplus network, with the value and its gradient in one pass.

    ``fade_in`` brings in the finer levels after the coarse ones, by the factors in the buffer ``fade``, one a level.

    On CUDA, values asked for under ``torch.no_grad`` come from one kernel with weights in half precision where
    ``ops.query_hash_grid`` takes a field of this size; values with gradients are in full precision everywhere.

    Args:
        config: Config of the field; or give its fields as options, ``HashGrid(levels=4)``.
        generator: CPU generator of the first weights; ``None`` is a fresh one with seed 0.
        **options: Fields of ``HashGridConfig``.

    Raises:
        TypeError: A config and options are both given, or an option is unknown.
        ValueError: A setting is out of range.

    >>> field = HashGrid(levels=4, finest=32)
    >>> values, gradients = field.value_and_gradient(torch.tensor([[0.0, 0.0, 0.7]]))
    >>> values.shape, gradients.shape
    (torch.Size([1]), torch.Size([1, 3]))
    """

    learning_rate = 2e-2
    """Learning rate of Adam at which a hash grid is trained unless the method has one of its own."""

    @checked
    def __init__(
        self, config: HashGridConfig | None = None, *, generator: torch.Generator | None = None, **options: Any
    ) -> None:
        config = one_config(HashGridConfig, config, options)
        super().__init__(config, features=config.features)
        self.config = config
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        tables = torch.rand(self.grid.entries, self.grid.features, generator=generator) * 2e-4 - 1e-4
        self.tables = torch.nn.Parameter(tables)
        self.lead = 3 if config.reads_point else 0  # inputs of the network before the features
        self.network = SoftplusNetwork(
            self.lead + self.grid.channels,
            hidden_layers=config.hidden_layers,
            width=config.width,
            beta=config.beta,
            generator=generator,
        )
        if config.reads_point:
            _start_as_sphere(self, generator)
        self.fused = FusedHashGrid(self.grid, self.box, config.beta)

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points; without gradient on CUDA by one kernel in half precision, where it can."""
        weights = self.tables, self.fade, self.network.weights, self.network.biases
        if self.fused.answers(points, *weights):
            return self.fused(points, *weights)
        if torch.is_grad_enabled() or len(points) <= _CHUNK:
            return self._values(points)
        return torch.cat([self._values(part) for part in points.split(_CHUNK)])

    def _values(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        nearest, beyond = nearest_in_box(points, self.box)
        unit, lead, network = to_unit_cube(nearest, self.box), nearest.t()[: self.lead], self.network
        if math.isinf(network.beta):
            layers = list(network.weights), list(network.biases)
            values = hash_perceptron(unit, lead, self.tables, self.grid, *layers, fade=self.fade)
        else:
            features = hash_encode(unit, self.tables, self.grid, fade=self.fade)
            values = network(torch.cat([lead, features.t()]).t())
        return grow_outwards(values, beyond)

    def plain(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points by operations that TorchScript and ONNX know."""
        nearest, beyond = nearest_in_box(points, self.box)
        inputs = torch.cat([nearest[:, : self.lead], self.plain_features(nearest)], dim=1)
        return grow_outwards(self.network.plain(inputs), beyond)

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points in one pass; by autograd where it has to reach the points too."""
        if (points.requires_grad and torch.is_grad_enabled()) or is_transformed(points, *self.parameters()):
            return super().evaluate_with_gradient(points)
        nearest, beyond = nearest_in_box(points, self.box)
        values, gradients = _EncodedValueAndGradient.apply(nearest, self.tables, self, *self.network.layers)
        return grow_outwards(values, beyond), turn_outwards(gradients, beyond)


class _EncodedValueAndGradient(torch.autograd.Function):
    """Network of encoding and its gradient, at points of the box, in one node of autograd's graph."""

    @staticmethod
    def forward(
        ctx: Any, points: Tensor, tables: Tensor, field: HashGrid, *parameters: Tensor
    ) -> tuple[Tensor, Tensor]:
        low, high = field.box
        unit, grid = to_unit_cube(points, field.box), field.grid
        features, jacobian = encode_points(unit, tables, field.fade, grid.plan, grid.smooth, True)
        network, lead = field.network, field.lead
        x = torch.cat([points.t()[:lead], features])
        values, by_x, kept = up_and_down(x, parameters, network.skip, network.beta)
        gradients = (jacobian * by_x[lead:]).sum(1) / (high - low)
        gradients = gradients + by_x[:lead] if lead else gradients
        ctx.save_for_backward(unit, field.fade, jacobian, by_x, *kept)
        ctx.field = field
        return values, gradients.t()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, value_bar: Tensor, gradient_bar: Tensor) -> tuple[Tensor | None, ...]:
        unit, fade, jacobian, by_x, *kept = ctx.saved_tensors
        grid, network, (low, high) = ctx.field.grid, ctx.field.network, ctx.field.box
        lead = ctx.field.lead
        along = gradient_bar.t() / (high - low)
        by_x_bar = torch.cat([gradient_bar.t()[:lead], _weighted_sum(along, jacobian)])
        x_bar, parameter_bars = up_and_down_backward(kept, value_bar, by_x_bar, network.skip, network.beta)
        bars = x_bar[lead:], along[:, None] * by_x[lead:]
        tables_bar = encode_points_backward(unit, *bars, fade, grid.plan, grid.smooth, grid.entries)
        return None, tables_bar, None, *parameter_bars


def _weighted_sum(weights: Float[Tensor, "3 n"], parts: Float[Tensor, "3 c n"]) -> Float[Tensor, "c n"]:
    x, y, z = weights
    return (x * parts[0]).addcmul_(y, parts[1]).addcmul_(z, parts[2])


def _start_as_sphere(field: HashGrid, generator: torch.Generator) -> None:
    """Let the network ignore the encoding and fit its last layer to |x| - radius over the box by ridge regression."""
    network, (low, high) = field.network, field.box
    with torch.no_grad():
        network.weights[0][:, field.lead :] = 0
        points = low + (high - low) * torch.rand(_START_POINTS, 3, generator=generator)
        hidden = network.hidden(torch.nn.functional.pad(points, (0, field.grid.channels)))
        hidden = torch.nn.functional.pad(hidden, (0, 1), value=1.0).double()  # the bias reads 1
        moments = hidden.t() @ hidden
        ridge = 1e-3 * moments.diagonal()[:-1].mean() * torch.ones(len(moments), dtype=torch.float64)
        ridge[-1] = 0
        distances = points.norm(dim=-1) - field.config.radius
        solution = torch.linalg.solve(moments + ridge.diag(), hidden.t() @ distances.double())
        network.weights[-1].copy_(solution[:-1])
        network.biases[-1].copy_(solution[-1:])
