"""A field's value and gradient by the softplus derivatives written by hand, beside autograd.

    python -m benchmarks.speed.softplus [--threads 1 2] [--repeats 3] [--results FILE]

A step of an eikonal loss, forward and backward to the parameters: mean |f| + 0.1 mean (|grad f| - 1)^2, in float32.

    by hand                        `field.value_and_gradient`; a `HashGrid` has its encoding in the same pass
    by hand, encoding apart        `SoftplusNetwork.value_and_gradient` after `hash_encode(jacobian=True)`
    autograd                       `torch.autograd.grad` through the network, after `hash_encode(jacobian=True)` if any
    autograd, torch's softplus     the same with `torch.nn.functional.softplus` in place of the library's
    autograd through the encoding  `Field.evaluate_with_gradient`: autograd through both, which runs the definition of
                                   the encoding in plain PyTorch

The ways take turns in one process; times are medians, of which the median over the repeats is kept. The difference is
the largest one of a parameter's gradient from that by hand, as a share of the largest entry of that parameter's.
"""

import os
from collections.abc import Callable
from unittest.mock import patch

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else threads that spin between calls slow the next way

import torch
from torch import Tensor

from benchmarks.measure import Row
from benchmarks.ways import compared, disturb, run
from diffshape import losses
from diffshape.fields import MLP, Field, HashGrid, softplus_derivatives
from diffshape.fields.grid_box import grow_outwards, nearest_in_box, turn_outwards
from diffshape.fields.softplus_network import SoftplusNetwork
from diffshape.ops import hash_encode

Pair = tuple[Tensor, Tensor]
"""Values (N,) and gradients (N, 3), or of a network (N, C)."""
CASES: dict[str, tuple[Callable[[], Field], int]] = {
    "HashGrid, 1 x 64": (HashGrid, 8_192),
    "MLP, 2 x 64": (lambda: MLP(hidden_layers=2, width=64, skip=()), 8_192),
    "MLP, 8 x 256": (MLP, 2_048),
}
SIDE = 0.8
"""Points lie evenly in the cube from -SIDE to SIDE, the box of a `HashGrid`."""


def own_way(field: Field, points: Tensor) -> Pair:
    """Value and gradient by the field's own pass."""
    return field.value_and_gradient(points)


def base_way(field: Field, points: Tensor) -> Pair:
    """Value and gradient by the base class, which is autograd."""
    return Field.evaluate_with_gradient(field, points)


def torch_softplus(way: Callable[..., Pair]) -> Callable[..., Pair]:
    """A way with torch's softplus in place of the library's."""

    def replaced(field: Field, points: Tensor) -> Pair:
        with patch.object(softplus_derivatives, "softplus", torch.nn.functional.softplus):
            return way(field, points)

    return replaced


def encoded(network_way: Callable[[SoftplusNetwork, Tensor], Pair]) -> Callable[[HashGrid, Tensor], Pair]:
    """Encoding and Jacobian by the kernel, then value and gradient of the network in this way, then the chain rule."""

    def way(field: HashGrid, points: Tensor) -> Pair:
        (low, high), lead = field.config.box, field.lead
        points, beyond = nearest_in_box(points, field.config.box)
        unit = (points - low) / (high - low)
        features, jacobian = hash_encode(unit, field.tables, field.grid, jacobian=True, fade=field.fade)
        values, by_input = network_way(field.network, torch.cat([points, features], dim=1))
        by_features = (by_input[:, lead:, None] * jacobian).sum(1) / (high - low)
        return grow_outwards(values, beyond), turn_outwards(by_input[:, :lead] + by_features, beyond)

    return way


def network_by_autograd(network: SoftplusNetwork, x: Tensor) -> Pair:
    """Value and gradient of a network by autograd, differentiable again."""
    values = network(x)
    return values, torch.autograd.grad(values.sum(), x, create_graph=True)[0]


FIELD_WAYS = {"by hand": own_way, "autograd": base_way, "autograd, torch's softplus": torch_softplus(base_way)}
GRID_WAYS = {
    "by hand": own_way,
    "by hand, encoding apart": encoded(SoftplusNetwork.value_and_gradient),
    "autograd": encoded(network_by_autograd),
    "autograd, torch's softplus": torch_softplus(encoded(network_by_autograd)),
    "autograd through the encoding": base_way,
}


def step(way: Callable[..., Pair], field: Field, points: Tensor) -> tuple[Tensor, ...]:
    """Gradients of the parameters of a field."""
    values, gradients = way(field, points)
    loss = values.abs().mean() + 0.1 * losses.eikonal_loss(gradients)
    return torch.autograd.grad(loss, list(field.parameters()))


def measure(field: str, points: int, repeats: int) -> Row:
    """Times of every way for one field."""
    made = CASES[field][0]()
    places = SIDE * (2 * torch.rand(points, 3, generator=torch.Generator().manual_seed(0)) - 1)
    disturb(made)
    ways = GRID_WAYS if isinstance(made, HashGrid) else FIELD_WAYS
    return compared({way: lambda call=call: step(call, made, places) for way, call in ways.items()}, repeats)


if __name__ == "__main__":
    cases = [{"field": name, "points": points} for name, (_, points) in CASES.items()]
    run(__doc__, "softplus.jsonl", cases, measure)
