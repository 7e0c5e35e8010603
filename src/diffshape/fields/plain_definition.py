"""The fields in plain PyTorch: the same values by operations that TorchScript and ONNX know too.

No tensor is made here but from points and parameters, so that a traced graph names no device.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import linear, softplus

from diffshape.fields.feature_grid import FeatureGrid
from diffshape.fields.field import Field
from diffshape.fields.framed import FramedField
from diffshape.fields.hash_grid import HashGrid
from diffshape.fields.mlp import MLP
from diffshape.fields.outside_box import grow_outwards, nearest_in_box
from diffshape.fields.softplus_network import SoftplusNetwork
from diffshape.ops.hash_grid.definition import node_rows


def values_by_definition(field: Field, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
    """What ``field(points)`` is; a kind of field that is not of this library is taken at its own ``evaluate``.

    >>> field = MLP(hidden_layers=2, width=16, skip=())
    >>> points = torch.rand(5, 3)
    >>> bool((values_by_definition(field, points) - field(points)).abs().max() < 1e-6)
    True
    """
    if isinstance(field, FramedField):
        return values_by_definition(field.inner, field.to_inner(points)) * field.scale
    if isinstance(field, MLP):
        return _network(field.network, points)
    if isinstance(field, HashGrid):
        nearest, beyond = nearest_in_box(points, field.config.box)
        inputs = torch.cat([nearest[:, : field.lead], _features(field, nearest)], dim=1)
        return grow_outwards(_network(field.network, inputs), beyond)
    if isinstance(field, FeatureGrid):
        nearest, beyond = nearest_in_box(points, field.config.box)
        return grow_outwards(_features(field, nearest).sum(1), beyond)
    return field.evaluate(points)


def _features(field: HashGrid | FeatureGrid, nearest: Float[Tensor, "n 3"]) -> Float[Tensor, "n c"]:
    """``ops.hash_encode``, the eight corners of a cell at once: as a graph a tenth of ``encode_by_definition``."""
    (low, high), grid = field.config.box, field.grid
    unit = ((nearest - low) / (high - low)).clamp(0, 1)
    features = []
    for level, (scale, side, offset, size) in enumerate(zip(*(grid.plan[part::4] for part in range(4)))):
        position = unit * scale + 0.5
        cell = position.floor()
        t = position - cell
        t = t * t * (3 - 2 * t) if grid.smooth else t
        node = cell.nan_to_num(0.0).long()
        x, y, z = _crossed(node, node + 1)
        u, v, w = _crossed(1 - t, t)
        entries = field.tables[node_rows(x, y, z, int(side), int(offset), int(size))]  # (N, 2, 2, 2, F)
        features.append(((u * v * w)[..., None] * entries).sum((1, 2, 3)) * field.fade[level])
    return torch.cat(features, dim=1)


def _crossed(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The two choices of each axis, (N, 3) each, laid so that the axes broadcast to (N, 2, 2, 2)."""
    x, y, z = torch.stack([low, high], dim=-1).unbind(1)
    return x[:, :, None, None], y[:, None, :, None], z[:, None, None, :]


def _network(network: SoftplusNetwork, x: Float[Tensor, "n c"]) -> Float[Tensor, "n"]:
    *hidden, (last, offset) = zip(network.weights, network.biases)
    h = x
    for layer, (weight, bias) in enumerate(hidden):
        h = torch.cat([h, x], dim=1) * math.sqrt(0.5) if layer in network.skip else h
        h = linear(h, weight, bias)
        h = h.relu() if math.isinf(network.beta) else softplus(h, network.beta)
    return linear(h, last, offset)[:, 0]
