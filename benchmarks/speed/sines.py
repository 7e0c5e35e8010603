"""The second derivatives of a network of sines in one pass, beside autograd.

    python -m benchmarks.speed.sines [--threads 1 2] [--repeats 3] [--results FILE]

A step of an objective on values, gradients and second derivatives, forward and backward to the parameters, float32:
the Laplacian of DiGS, and g^T H g of StEik, g being the gradient and H the second derivatives.

    in one pass   `Siren.evaluate_second_order`
    autograd      `Field.evaluate_second_order`: a backward pass for every derivative

The ways take turns in one process; times are medians, of which the median over the repeats is kept. The difference is
the largest one of a parameter's gradient, as a share of the largest entry of that parameter's.
"""

import os
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else threads that spin between calls slow the next way

import torch
from torch import Tensor

from benchmarks.measure import Row
from benchmarks.ways import compared, run
from diffshape.fields import Field, Siren

SIZES = {"4 x 128": (4, 128), "5 x 256": (5, 256)}
"""Hidden layers and width: those of the standard presets, and those of DiGS."""
POINTS = 2_048
DERIVATIVES: dict[str, dict[str, Callable[[Siren, Tensor], tuple[Tensor, ...]]]] = {
    "Laplacian": {
        "in one pass": lambda field, points: field.evaluate_second_order(points, "axes"),
        "autograd": lambda field, points: Field.evaluate_second_order(field, points, "axes"),
    },
    "g^T H g": {
        "in one pass": lambda field, points: field.evaluate_second_order(points, "gradient"),
        "autograd": lambda field, points: Field.evaluate_second_order(field, points, "gradient"),
    },
}
"""Ways to each derivative."""


def step(way: Callable[[Siren, Tensor], tuple[Tensor, ...]], field: Siren, points: Tensor) -> tuple[Tensor, ...]:
    """Gradients of the parameters of a field."""
    loss = torch.stack([each.abs().mean() for each in way(field, points)]).sum()
    return torch.autograd.grad(loss, list(field.parameters()))


def measure(network: str, derivative: str, repeats: int) -> Row:
    """Times of both ways for one network and derivative."""
    layers, width = SIZES[network]
    field = Siren(hidden_layers=layers, width=width, start="multi-frequency")
    points = torch.rand(POINTS, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    ways = DERIVATIVES[derivative]
    return compared({name: lambda way=way: step(way, field, points) for name, way in ways.items()}, repeats)


if __name__ == "__main__":
    cases = [{"network": network, "derivative": derivative} for network in SIZES for derivative in DERIVATIVES]
    run(__doc__, "sines.jsonl", cases, measure)
