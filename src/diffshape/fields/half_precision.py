"""Half-precision evaluation of a hash grid by one kernel: when it applies, and the weights packed for it."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.engines import has_triton
from diffshape.ops.hash_grid.layout import GridLayout
from diffshape.ops.hash_grid.packed import PackedHashGrid, can_pack, pack_hash_grid
from diffshape.ops.hash_grid.query import query_hash_grid


class FusedHashGrid:
    """The half-precision copy of a field's weights, made anew when one of them has been written or replaced.

    Its methods take the weights as they are now: ``tables`` (entries, F), ``fade`` (levels,), and the ``weights`` and
    ``biases`` of the network, first layer first. A write is seen by PyTorch's version counter. Whoever writes without
    it (through ``.data``, or by replaying a CUDA graph) says so by ``torch.autograd.graph.increment_version``.

    Args:
        grid: Layout of the tables.
        box: Lowest and highest coordinate, on every axis, that the grid covers.
        beta: Sharpness of the network's softplus; inf is a ReLU.
    """

    def __init__(self, grid: GridLayout, box: tuple[float, float], beta: float) -> None:
        self.grid, self.box, self.beta = grid, box, beta
        self._seen: list[tuple[Tensor, int]] = []
        self._packed: PackedHashGrid | None = None

    def __reduce__(self) -> tuple[type, tuple[GridLayout, tuple[float, float], float]]:
        """A copy of a field begins with nothing packed."""
        return FusedHashGrid, (self.grid, self.box, self.beta)

    def answers(
        self,
        points: Float[Tensor, "n 3"],
        tables: Tensor,
        fade: Tensor,
        weights: Iterable[Tensor],
        biases: Iterable[Tensor],
    ) -> bool:
        """Whether these points are for the kernel: no gradient wanted, float32 on CUDA, weights of a size it takes."""
        return (
            not torch.compiler.is_compiling()
            and not torch.is_grad_enabled()
            and has_triton(points)
            and points.dtype == torch.float32
            and can_pack(self.grid, list(weights))
            and not any(each.is_inference() for each in (tables, fade, *weights, *biases))  # writes uncounted
        )

    def __call__(
        self,
        points: Float[Tensor, "n 3"],
        tables: Tensor,
        fade: Tensor,
        weights: Iterable[Tensor],
        biases: Iterable[Tensor],
    ) -> Float[Tensor, "n"]:
        """Values at (N, 3) points, for which and for these weights it ``answers``."""
        return query_hash_grid(points, self.packed(tables, fade, weights, biases))

    def packed(
        self, tables: Tensor, fade: Tensor, weights: Iterable[Tensor], biases: Iterable[Tensor]
    ) -> PackedHashGrid:
        """The weights in half precision, as they are now."""
        network = list(weights), list(biases)
        now = [tables, fade, *network[0], *network[1]]
        if self._packed is None or any(map(_has_changed, self._seen, now)):
            self._packed = pack_hash_grid(self.grid, tables, fade, *network, box=self.box, beta=self.beta)
            self._seen = [(each.detach(), each._version) for each in now]  # kept: no other gets its address
        return self._packed


def _has_changed(seen: tuple[Tensor, int], weight: Tensor) -> bool:
    return seen[0].data_ptr() != weight.data_ptr() or seen[1] != weight._version
