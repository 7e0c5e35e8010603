"""Score of a model of surfaces on shapes that it has not seen, each from the code that the encoder finds for it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_resolution, check_whole
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.data import Mesh, ShapeSet
from diffshape.metrics import compare_points, normal_consistency, occupancy_iou
from diffshape.models.surface_model import SurfaceModel
from diffshape.ops import sample_surface


@dataclass(frozen=True, kw_only=True)
class OccupancyScore:
    """Agreement of decoded shapes with the true ones, one number a shape.

    Attributes:
        iou: Intersection over union at the volume points, even in the cube of side 1.1: 0 to 1.
        chamfer: (mean a + mean b) / 2, the distances between points of the decoded and of the true surface, in the
            unit of the shapes, whose sides are about 1. Two samples of one surface do not score 0. ``None`` without a
            surface.
        normals: Mean |cosine| of the angle between the normals of nearest points, 1 being best. ``None`` without a
            surface.
        threshold: Probability from which a point counts as occupied.
    """

    iou: tuple[float, ...]
    chamfer: tuple[float | None, ...]
    normals: tuple[float | None, ...]
    threshold: float

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        rows = [("IoU of new shapes", self.iou, 1.0), ("Chamfer-L1 x1e3", self.chamfer, 1e3)]
        rows.append(("normal consistency", self.normals, 1.0))
        return "\n".join([f"{'':<20}{'mean':>8}{'worst':>8}", *(_row(*row) for row in rows)])


@checked
def score_occupancy(model: SurfaceModel, shapes: ShapeSet, *, meshed: int = 8, resolution: int = 64) -> OccupancyScore:
    """Compare decoded shapes with the true ones: all by their occupancy, the first few by their surface.

    Args:
        model: A trained ``OccupancyNetwork``, ``ImNet``, ``ImNetFromImages`` or ``VecSet``.
        shapes: Shapes with ``volume_points`` and ``occupancies``, ``points`` and ``normals``, and what the encoder
            reads.
        meshed: Number of shapes whose surfaces are compared.
        resolution: Grid nodes along a side, as of the model's ``mesh``.

    Raises:
        ValueError: The shapes lack a part, or a number is out of range.
    """
    check_whole("score_occupancy: meshed", meshed, 0)
    check_resolution("score_occupancy: resolution", resolution)
    needed = ("volume_points", "occupancies", "points", "normals")
    volume, occupied, points, normals = (part.cpu() for part in shapes.require(*needed, by="score_occupancy"))
    codes = model.codes_of(shapes)
    found = [model.occupied(each[None].to(codes), code[None]).cpu() for each, code in zip(volume, codes)]
    iou = occupancy_iou(torch.cat(found), occupied)
    meshes = model.decode_codes(codes[:meshed], resolution)
    surfaces = [_compared(*each) for each in zip(meshes, points.double(), normals.double())]
    return OccupancyScore(
        iou=tuple(iou.tolist()),
        chamfer=tuple(chamfer for chamfer, _ in surfaces),
        normals=tuple(consistency for _, consistency in surfaces),
        threshold=model.threshold,
    )


def _compared(
    mesh: Mesh, points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"]
) -> tuple[float | None, float | None]:
    """Chamfer distance and normal consistency of as many points of a mesh as there are true ones."""
    if not len(mesh.faces):
        return None, None
    vertices, faces = (torch.from_numpy(part) for part in mesh)
    drawn = sample_surface(vertices, faces, len(points), generator=torch.Generator().manual_seed(0))
    chamfer = compare_points(drawn.points, points, earth_mover_points=0).chamfer_l1
    return chamfer, normal_consistency(drawn.points, points, drawn.normals, normals).item()


def _row(title: str, numbers: tuple[float | None, ...], scale: float) -> str:
    """Mean and worst of all shapes; "none" if one of them has no surface."""
    known = [scale * number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return f"{title:<20}{'none':>8}{'none':>8}"
    worst = max(known) if scale > 1 else min(known)
    return f"{title:<20}{sum(known) / len(known):>8.3f}{worst:>8.3f}"
