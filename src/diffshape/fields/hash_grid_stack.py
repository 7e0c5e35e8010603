"""Many hash-grid fields of one size, each evaluated at points of its own, as one operation.

    values[m, n] = field_m(points[m, n])

On the CPU every field is a task, or several if its points are many, so that fifty small batches keep all cores busy;
elsewhere features are encoded field by field and the layers are batched matrix products.

Each field keeps its own parameters. An optimiser then passes only over the fields that are evaluated; one table of
shape (M, entries, F) would have it pass over all of them in every step, and would let the momentum of those that are
finished carry them on.
"""

import math
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.fields.grid_box import grow_outwards, nearest_in_box, to_unit_cube
from diffshape.fields.hash_grid import HashGrid
from diffshape.ops.hash_grid.perceptron import hash_perceptrons


class HashGridStack(torch.nn.Module):
    """``stack(points)`` evaluates M fields at (M, N, 3) points; ``stack[m]`` is one of the fields, not a copy.

    On the CPU values and gradients are, bit for bit, those of the fields by themselves.

    Args:
        fields: Hash grids of one config; the stack holds them, not copies.

    Raises:
        ValueError: There is no field, or the configs differ.

    >>> stack = HashGridStack([HashGrid(levels=4, finest=32) for _ in range(3)])
    >>> stack(torch.zeros(3, 10, 3)).shape, stack(torch.zeros(2, 10, 3), active=[0, 2]).shape
    (torch.Size([3, 10]), torch.Size([2, 10]))
    """

    @checked
    def __init__(self, fields: Sequence[HashGrid]) -> None:
        super().__init__()
        if not fields or any(field.config != fields[0].config for field in fields):
            raise ValueError(
                f"HashGridStack: fields must be one HashGrid or more, all of one config, got {len(fields)} with "
                f"{len({field.config for field in fields})} configs"
            )
        self.fields = torch.nn.ModuleList(fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, place: int) -> HashGrid:
        return cast(HashGrid, self.fields[place])

    def __iter__(self) -> Iterator[HashGrid]:
        return (self[place] for place in range(len(self)))

    @checked
    def forward(self, points: Float[Tensor, "m n 3"], active: Sequence[int] | None = None) -> Float[Tensor, "m n"]:
        """Values of the ``active`` fields, in that order, at the points of each; of all fields if not given.

        Args:
            points: Shape (A, N, 3), A the number of active fields.
            active: Indices of the fields to evaluate, at least one; the others cost nothing.

        Raises:
            ValueError: The points have another shape or another dtype than the fields, or nothing is active.
        """
        fields = list(self) if active is None else [self[place] for place in active]
        if not fields or points.ndim != 3 or len(points) != len(fields) or points.shape[2] != 3:
            raise ValueError(
                f"HashGridStack: points must have shape ({len(fields)}, N, 3), for one active field or more, got "
                f"{tuple(points.shape)}"
            )
        first = fields[0]
        if points.dtype != first.tables.dtype:
            raise ValueError(
                f"HashGridStack: points are {points.dtype} but the fields are {first.tables.dtype}; convert one"
            )
        if not math.isinf(first.network.beta):
            return torch.stack([field(x) for field, x in zip(fields, points)])
        nearest, beyond = nearest_in_box(points, first.box)
        values = hash_perceptrons(
            to_unit_cube(nearest, first.box),
            nearest.transpose(1, 2)[:, : first.lead],
            [field.tables for field in fields],
            first.grid,
            [list(field.network.weights) for field in fields],
            [list(field.network.biases) for field in fields],
            fade=torch.stack([field.fade for field in fields]),
        )
        return grow_outwards(values, beyond)
