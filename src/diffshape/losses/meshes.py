"""How every loss on meshes reads its arguments: shapes, faces, masks and precision, checked once and alike."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.losses.reduction import Reduction, check_mask, check_same_shape, mean_of_each, reduce_elements
from diffshape.ops.checks import coordinate_limit, finite, widened
from diffshape.ops.mesh_topology import read_faces


class Meshes(NamedTuple):
    """B meshes of one topology, of whose vertices the masked ones are absent."""

    vertices: Float[Tensor, "b v 3"]
    """float32 or float64, 0 in masked places."""
    faces: Int[Tensor, "f 3"]
    mask: Bool[Tensor, "b v"] | None
    """True = real; None if every vertex is."""
    single: bool
    """Whether the caller gave one mesh, and no batch."""

    def real(self, corners: Int[Tensor, "n k"], also: Bool[Tensor, "b n"]) -> Bool[Tensor, "b n"]:
        """Which faces or edges have real vertices only, and hold what else is asked of them."""
        return also if self.mask is None else also & self.mask[:, corners].all(-1)

    def reduce(
        self, values: Float[Tensor, "b n"], real: Bool[Tensor, "b n"] | None, reduction: Reduction
    ) -> Float[Tensor, "*out"]:
        """The mean of each mesh, then over the batch; one mesh is a scalar under every reduction."""
        result = reduce_elements(mean_of_each(values, real), None, reduction)
        return result[0] if self.single and reduction == "none" else result


def read_meshes(
    function: str, vertices: Tensor, faces: Tensor, mask: Tensor | None, *, argument: str = "vertices"
) -> Meshes:
    """One side of a loss, (B, V, 3) or (V, 3), or a ValueError that names the argument. Half becomes float32.

    Real vertices must be finite: a face or an edge at NaN would be left out of a mean as if it had no area.
    """
    faces = read_faces(function, vertices, faces, argument=argument)
    check_mask(function, mask, vertices.shape[:-1], f"{argument} without its last dimension")
    vertices = widened(vertices)
    single = vertices.ndim == 2
    if single:
        vertices, mask = vertices[None], None if mask is None else mask[None]
    if mask is not None:
        vertices = torch.where(mask[..., None], vertices, 0)
    vertices = finite(function, argument, vertices, coordinate_limit(vertices.dtype, 3, vertices.shape[-2]))
    return Meshes(vertices, faces, mask, single)


def read_mesh_pair(
    function: str, pred: Tensor, target: Tensor, faces: Tensor, mask: Tensor | None
) -> tuple[Meshes, Meshes]:
    """Prediction and target of a loss, of one shape, dtype and device."""
    check_same_shape(function, "target", target, pred.shape, "pred")
    pred, target = widened(pred), widened(target)
    if pred.dtype != target.dtype or pred.device != target.device:
        raise ValueError(
            f"{function}: pred and target must share dtype and device, got {pred.dtype} on {pred.device} "
            f"and {target.dtype} on {target.device}"
        )
    meshes = read_meshes(function, pred, faces, mask, argument="pred")
    return meshes, read_meshes(function, target, faces, mask, argument="target")
