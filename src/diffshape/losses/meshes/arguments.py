"""How every loss on meshes reads its arguments: shapes, faces, masks and precision, checked once and alike."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from diffshape.losses.reduction import Reduction, check_mask, check_same_kind, check_same_shape, reduce_elements
from diffshape.ops.checks import coordinate_limit, finite, widened
from diffshape.ops.meshes.packed_meshes import PackedFaces, read_topology
from diffshape.ops.meshes.topology import FaceSides, face_sides
from diffshape.ops.table_rows import sum_at


class Meshes(NamedTuple):
    """B meshes of one topology, or one row that packs meshes of any; masked vertices are absent."""

    vertices: Float[Tensor, "b v 3"]
    """float32 or float64, 0 in masked places."""
    faces: Int[Tensor, "f 3"]
    mask: Bool[Tensor, "b v"] | None
    """True = real; None if every vertex is."""
    single: bool
    """Whether the caller gave one mesh, and no batch."""
    packed: PackedFaces | None
    """Which vertex is of which mesh, where one row packs several."""

    @property
    def sides(self) -> FaceSides:
        """The edges; of packed meshes they are known already."""
        return face_sides(self.faces) if self.packed is None else self.packed.sides

    def real(self, corners: Int[Tensor, "n k"], also: Bool[Tensor, "b n"]) -> Bool[Tensor, "b n"]:
        """Which faces or edges have real vertices only, and hold what else is asked of them."""
        return also if self.mask is None else also & self.mask[:, corners].all(-1)

    def reduce(
        self,
        values: Float[Tensor, "b n"],
        counts: Shaped[Tensor, "b n"] | None,
        reduction: Reduction,
        *,
        at: Int[Tensor, "n"] | None = None,
    ) -> Float[Tensor, "*out"]:
        """The mean of each mesh, then over the batch; one mesh is a scalar under every reduction.

        ``counts`` is what each value counts for, True or a number: the mean divides by their sum. ``at`` is a vertex of
        what each value belongs to; without it they belong to the vertices.
        """
        counts = torch.ones_like(values) if counts is None else counts
        values = torch.where(counts > 0, values, 0)
        if self.packed is None:
            sums, totals = values.sum(-1), counts.sum(-1)
        else:
            owners = self.packed.vertex_mesh
            owners = owners if at is None else owners[at]
            sums, totals = (sum_at(each.double(), owners, len(self.packed))[0] for each in (values, counts))
        means = (sums / totals.clamp(min=1)).to(values.dtype)
        result = reduce_elements(means, None, reduction)
        return result[0] if self.single and reduction == "none" else result


def read_meshes(
    function: str,
    vertices: Tensor,
    faces: Tensor | PackedFaces,
    mask: Tensor | None,
    *,
    argument: str = "vertices",
) -> Meshes:
    """One side of a loss, (B, V, 3) or (V, 3), or a ValueError that names the argument. Half becomes float32.

    Real vertices must be finite: a face or an edge at NaN would be left out of a mean as if it had no area.
    """
    packed = faces if isinstance(faces, PackedFaces) else None
    read = read_topology(function, vertices, faces, argument=argument)
    check_mask(function, mask, vertices.shape[:-1], f"{argument} without its last dimension")
    vertices = widened(vertices)
    single = vertices.ndim == 2 and packed is None
    if vertices.ndim == 2:
        vertices, mask = vertices[None], None if mask is None else mask[None]
    if mask is not None:
        vertices = torch.where(mask[..., None], vertices, 0)
    largest = vertices.shape[-2] if packed is None else max(packed.vertex_counts)
    vertices = finite(function, argument, vertices, coordinate_limit(vertices.dtype, 3, largest))
    return Meshes(vertices, read, mask, single, packed)


def read_mesh_pair(
    function: str, pred: Tensor, target: Tensor, faces: Tensor | PackedFaces, mask: Tensor | None
) -> tuple[Meshes, Meshes]:
    """Prediction and target of a loss, of one shape, dtype and device."""
    check_same_shape(function, "target", target, pred.shape, "pred")
    pred, target = widened(pred), widened(target)
    check_same_kind(function, ("pred", pred), ("target", target))
    meshes = read_meshes(function, pred, faces, mask, argument="pred")
    return meshes, read_meshes(function, target, faces, mask, argument="target")
