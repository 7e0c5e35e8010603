"""When a `HashGrid` answers in one launch, and its weights packed for that, as long as they stay what they are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.engines import has_triton
from diffshape.ops.hash_grid.packed import PackedHashGrid, can_pack, pack_hash_grid
from diffshape.ops.hash_grid.query import query_hash_grid

if TYPE_CHECKING:
    from diffshape.fields.hash_grid import HashGrid


class FusedHashGrid:
    """The half-precision copy of a field's weights, made anew when one of them has been written or replaced.

    A write is seen by PyTorch's version counter. Whoever writes without it (through ``.data``, or by replaying a CUDA
    graph) says so by ``torch.autograd.graph.increment_version``.
    """

    def __init__(self) -> None:
        self._seen: list[tuple[Tensor, int]] = []
        self._packed: PackedHashGrid | None = None

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """A copy of a field begins with none."""
        return FusedHashGrid, ()

    def answers(self, field: "HashGrid", points: Float[Tensor, "n 3"]) -> bool:
        """Whether these points are for the kernel: no gradient wanted, float32 on CUDA, weights of a size it takes."""
        return (
            not torch.compiler.is_compiling()
            and not torch.is_grad_enabled()
            and has_triton(points)
            and points.dtype == torch.float32
            and can_pack(field.grid, list(field.network.weights))
            and not any(weight.is_inference() for weight in _weights(field))  # nobody counts writes to those
        )

    def __call__(self, field: "HashGrid", points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points of a field that ``answers`` for them."""
        return query_hash_grid(points, self.packed(field))

    def packed(self, field: "HashGrid") -> PackedHashGrid:
        """The field's weights as they are now."""
        weights = _weights(field)
        if self._packed is None or any(map(_has_changed, self._seen, weights)):
            network = field.network
            self._packed = pack_hash_grid(
                *(field.grid, field.tables, field.fade, list(network.weights), list(network.biases)),
                box=field.config.box,
                beta=network.beta,
            )
            self._seen = [(weight.detach(), weight._version) for weight in weights]  # held, so no other has its address
        return self._packed


def _has_changed(seen: tuple[Tensor, int], weight: Tensor) -> bool:
    return seen[0].data_ptr() != weight.data_ptr() or seen[1] != weight._version


def _weights(field: "HashGrid") -> Sequence[Tensor]:
    return [field.tables, field.fade, *field.network.layers]
