"""A neural field that is a multi-resolution grid and nothing else: one number a level, interpolated and summed.

    f(x) = sum over levels l of phi_l(u),   u = (x - low) / (high - low) in the unit cube of the field's box,

phi_l the only feature of level l of ``ops.hash_encode``; beyond the box as in ``grid_box``. Without a network the
value and the gradient are linear in the tables, so both are cheap, as is their backward pass, and a loss that is convex
in them is convex in the tables. No network resolves the collisions of hashed levels, though, and a node near no point
keeps its first value. Source of the grid: Mueller et al., Instant NGP, SIGGRAPH 2022.

The field starts near |x| - radius, which the nodes of the coarsest level hold; the finer levels start at 0.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.fields.config import FeatureGridConfig, one_config
from diffshape.fields.grid_box import grow_outwards, nearest_in_box, to_unit_cube, turn_outwards
from diffshape.fields.grid_field import GridField
from diffshape.ops.hash_grid.definition import node_rows
from diffshape.ops.hash_grid.encode import hash_encode
from diffshape.ops.hash_grid.layout import GridLayout


class FeatureGrid(GridField):
    """Sum of one interpolated number a level; nothing in it is random.

    ``fade_in`` brings in the finer levels after the coarse ones, by the factors in the buffer ``fade``, one a level.

    Args:
        config: Config of the field; or give its fields as options, ``FeatureGrid(levels=4)``.
        **options: Fields of ``FeatureGridConfig``.

    Raises:
        TypeError: A config and options are both given, or an option is unknown.
        ValueError: A setting is out of range.

    >>> field = FeatureGrid(levels=3, finest=64)
    >>> values, gradients = field.value_and_gradient(torch.tensor([[0.0, 0.0, 0.7]]))
    >>> values.shape, gradients.shape
    (torch.Size([1]), torch.Size([1, 3]))
    """

    learning_rate = 5e-3
    """Learning rate of Adam at which a feature grid is trained unless the method has one of its own."""

    @checked
    def __init__(self, config: FeatureGridConfig | None = None, **options: Any) -> None:
        config = one_config(FeatureGridConfig, config, options)
        super().__init__(config, features=1)
        self.config = config
        coarsest = _sphere_at_nodes(self.grid, config.box, config.radius)
        self.tables = torch.nn.Parameter(torch.zeros(self.grid.entries, 1))
        with torch.no_grad():
            self.tables[: len(coarsest), 0] = coarsest

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        nearest, beyond = nearest_in_box(points, self.box)
        features = hash_encode(to_unit_cube(nearest, self.box), self.tables, self.grid, fade=self.fade)
        return grow_outwards(features.sum(-1), beyond)

    def plain(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points by operations that TorchScript and ONNX know."""
        nearest, beyond = nearest_in_box(points, self.box)
        return grow_outwards(self.plain_features(nearest).sum(1), beyond)

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points from one encoding, both linear in the tables."""
        low, high = self.box
        nearest, beyond = nearest_in_box(points, self.box)
        unit = to_unit_cube(nearest, self.box)
        features, jacobian = hash_encode(unit, self.tables, self.grid, jacobian=True, fade=self.fade)
        gradients = jacobian.sum(-2) / (high - low)
        return grow_outwards(features.sum(-1), beyond), turn_outwards(gradients, beyond)


def _sphere_at_nodes(grid: GridLayout, box: tuple[float, float], radius: float) -> Float[Tensor, "rows"]:
    """|x| - radius at the nodes of the coarsest level, by table row; the mean where a row serves several nodes.

    Node k of an axis lies at (k - 1/2) / scale of the unit cube, so the first and last (k = side) lie half a cell
    outside it, and the latter wraps around to rows of others.
    """
    (scale, side, size), (low, high) = (grid.scales[0], grid.resolutions[0], grid.sizes[0]), box
    nodes = torch.cartesian_prod(*3 * [torch.arange(side + 1)])
    places = low + (high - low) * (nodes - 0.5) / scale
    x, y, z = nodes.unbind(-1)
    rows = node_rows(x, y, z, side, 0, size)
    total = torch.zeros(size).index_add_(0, rows, places.norm(dim=-1) - radius)
    return total / torch.zeros(size).index_add_(0, rows, torch.ones(len(rows))).clamp(min=1)
