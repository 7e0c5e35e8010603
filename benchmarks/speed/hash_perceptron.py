"""The kernel that evaluates a grid encoding and its ReLU network in one, beside the two one after the other.

    python -m benchmarks.speed.hash_perceptron [--threads 1 2] [--repeats 3] [--results FILE]

A step of fields as `fit_mesh` and `fit_meshes` make them, in float32, forward and backward to tables, weights and
biases:

    kernel      `HashGridStack`, or `HashGrid` for one field, by `ops.hash_grid.perceptron`
    plain       field by field `hash_encode`, then `torch.nn.functional.linear` and ReLU
    batched     `hash_encode` field by field, then a batched matrix product a layer, for several fields only

The ways take turns in one process; times are medians, of which the median over the repeats is kept. The difference is
the largest one of a parameter's gradient from the kernel's, as a share of the largest entry of that parameter's.
"""

import os
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else threads that spin between calls slow the next way

import torch
from torch import Tensor

from benchmarks.measure import Row
from benchmarks.ways import compared, disturb, run
from diffshape.fields import HashGrid, HashGridStack
from diffshape.fitting import mesh_preset
from diffshape.ops import hash_encode

CASES = ((1, 4_096), (1, 16_384), (20, 1_024), (20, 4_096))


def unit_features(field: HashGrid, points: Tensor) -> Tensor:
    """Inputs of the network at points inside the box, (N, K + L * F)."""
    low, high = field.config.box
    features = hash_encode((points - low) / (high - low), field.tables, field.grid, fade=field.fade)
    return torch.cat([points[:, : field.lead], features], dim=1)


def plain(stack: HashGridStack, points: Tensor) -> Tensor:
    """Values (M, N), a field after the other, by PyTorch's layers."""
    values = []
    for field, own in zip(stack, points):
        h = unit_features(field, own)
        for layer, (weight, bias) in enumerate(zip(field.network.weights, field.network.biases)):
            h = torch.nn.functional.linear(h.relu() if layer else h, weight, bias)
        values.append(h[:, 0])
    return torch.stack(values)


def batched(stack: HashGridStack, points: Tensor) -> Tensor:
    """Values (M, N), the layers of all fields at once."""
    h = torch.stack([unit_features(field, own).t() for field, own in zip(stack, points)])
    for layer in range(len(stack[0].network.weights)):
        weight = torch.stack([field.network.weights[layer] for field in stack])
        bias = torch.stack([field.network.biases[layer] for field in stack])
        h = torch.baddbmm(bias[:, :, None], weight, h.relu() if layer else h)
    return h[:, 0]


def kernel(stack: HashGridStack, points: Tensor) -> Tensor:
    """Values (M, N) by the kernel, where the library has it."""
    return stack(points) if len(stack) > 1 else stack[0](points[0])[None]


def step(way: Callable[..., Tensor], stack: HashGridStack, points: Tensor) -> tuple[Tensor, ...]:
    """Gradients of the parameters of all fields."""
    return torch.autograd.grad(way(stack, points).square().mean(), list(stack.parameters()))


def measure(fields: int, points: int, repeats: int) -> Row:
    """Times of every way for one number of fields and of points."""
    generator = torch.Generator().manual_seed(0)
    config = mesh_preset("standard").field
    stack = HashGridStack([HashGrid(config, generator=generator) for _ in range(fields)])
    disturb(stack)
    low, high = config.box
    own = low + (high - low) * torch.rand(fields, points, 3, generator=generator)
    ways = {"kernel": kernel, "plain": plain} | ({"batched": batched} if fields > 1 else {})
    return compared({name: lambda way=way: step(way, stack, own) for name, way in ways.items()}, repeats)


if __name__ == "__main__":
    cases = [{"fields": fields, "points": points} for fields, points in CASES]
    run(__doc__, "hash_perceptron.jsonl", cases, measure)
