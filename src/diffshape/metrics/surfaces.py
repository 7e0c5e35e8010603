"""How far a reconstructed surface is from the true one, measured from points to triangles.

Both surfaces are brought into the frame in which the truth's longest side is 1. Area-uniform samples of each are
projected onto the other's *triangles*, so a surface scores 0 against itself; distances between two samples have a floor
of about 0.5 sqrt(area / samples) instead, which at 30,000 samples is most of the figures printed in the literature.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import igl
import numpy as np
import torch
from jaxtyping import Float, Int

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.metrics.f_score import f_score
from diffshape.metrics.surface_input import SurfaceInput, check_draw, draw_points, read_surface
from diffshape.ops.meshes.connected_parts import count_bodies
from diffshape.ops.meshes.solids import is_watertight

if TYPE_CHECKING:
    import trimesh


@dataclass(frozen=True, kw_only=True)
class SurfaceScore:
    """Differences of a predicted surface P from the truth T. All lengths are shares of T's longest bounding-box side.

    An empty prediction (no face of positive area) has ``None`` for every distance and angle, 0 for every share.

    Attributes:
        chamfer: (pred_to_truth + truth_to_pred) / 2; lower is better. Usually printed times 1e3.
        hausdorff: Largest distance found in either direction.
        normal_deg: Mean angle between face normals at matched points, sign ignored, mean of both directions; 0 to 90.
        pred_to_truth: Mean over points p of P of min_{t in T} |p - t|: how accurate what was built is.
        truth_to_pred: Mean over points t of T of min_{p in P} |t - p|: how complete it is.
        f_score: 2 precision recall / (precision + recall) at ``threshold``; 0 to 1.
        precision: Share of P's points nearer than ``threshold`` to T.
        recall: Share of T's points nearer than ``threshold`` to P.
        threshold: Distance of F-score, precision and recall, as a share of the longest side.
        iou: Volume of the intersection over volume of the union, 0 to 1; ``None`` unless both are watertight.
        bodies: Connected components of P.
        watertight: Whether every edge of P has exactly two faces.
    """

    chamfer: float | None
    hausdorff: float | None
    normal_deg: float | None
    pred_to_truth: float | None
    truth_to_pred: float | None
    f_score: float
    precision: float
    recall: float
    threshold: float
    iou: float | None
    bodies: int
    watertight: bool

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        shown = {
            "chamfer x1e3": _shown(self.chamfer, 1e3, ".3f"),
            "hausdorff": _shown(self.hausdorff, 1, ".4f"),
            "normals": _shown(self.normal_deg, 1, ".2f") + " deg",
            f"F@{self.threshold:g}": f"{self.f_score:.4f}",
            "IoU": _shown(self.iou, 1, ".4f"),
            "bodies": str(self.bodies),
            "watertight": "yes" if self.watertight else "no",
        }
        return ", ".join(f"{name} {value}" for name, value in shown.items())


@checked
def compare_surfaces(
    pred: SurfaceInput,
    truth: SurfaceInput,
    *,
    samples: int = 50_000,
    threshold: float = 0.01,
    seed: int = 0,
) -> SurfaceScore:
    """Score a predicted mesh against the true one.

    Args:
        pred: A file, ``trimesh.Trimesh`` or (vertices, faces), in the truth's coordinates; may be empty.
        truth: The true mesh, in any of these forms, with a face of positive area.
        samples: Points drawn on each surface, and in space for the IoU. The means vary by about 1 / sqrt(samples).
        threshold: Distance of the F-score, as a share of the truth's longest side.
        seed: Seed of the two draws; the same seed gives the same score.

    Returns:
        A ``SurfaceScore``. Vertices in one place (within 1e-8 of the frame) count as one for bodies and watertightness.

    Raises:
        ValueError: A shape or an index is wrong, a vertex in use is not finite, the truth is empty, or an option is out
            of range.

    Time is that of 2 ``samples`` closest-point queries by libigl, and as many winding numbers if both are watertight.

    >>> import trimesh
    >>> box = trimesh.creation.box()
    >>> print(compare_surfaces(box, box, samples=1000))
    chamfer x1e3 0.000, hausdorff 0.0000, normals 0.00 deg, F@0.01 1.0000, IoU 1.0000, bodies 1, watertight yes
    """
    check_draw("compare_surfaces", samples, threshold, seed)
    pred_mesh, truth_mesh = (
        read_surface("compare_surfaces", name, surface) for name, surface in (("pred", pred), ("truth", truth))
    )
    if not truth_mesh.area > 0:
        raise ValueError("compare_surfaces: truth has no face of positive area, so there is nothing to compare with")
    low, high = truth_mesh.bounds
    for mesh in (pred_mesh, truth_mesh):
        mesh.vertices = (mesh.vertices - (low + high) / 2) / (high - low).max()
        mesh.merge_vertices()
    if not pred_mesh.area > 0:
        return _empty_score(threshold, 0.0 if is_watertight(truth_mesh.faces, len(truth_mesh.vertices)) else None)
    # the seeds 1 and 2 of the default draw are a convention, so that scores can be compared to the last digit
    to_truth, pred_angle = _one_side(pred_mesh, truth_mesh, samples, 2 * seed + 1)
    to_pred, truth_angle = _one_side(truth_mesh, pred_mesh, samples, 2 * seed + 2)
    shares = f_score(torch.from_numpy(to_truth), torch.from_numpy(to_pred), threshold=threshold)
    watertight = is_watertight(pred_mesh.faces, len(pred_mesh.vertices))
    return SurfaceScore(
        chamfer=float(to_truth.mean() + to_pred.mean()) / 2,
        hausdorff=float(max(to_truth.max(), to_pred.max())),
        normal_deg=(pred_angle + truth_angle) / 2,
        pred_to_truth=float(to_truth.mean()),
        truth_to_pred=float(to_pred.mean()),
        f_score=shares.f_score.item(),
        precision=shares.precision.item(),
        recall=shares.recall.item(),
        threshold=threshold,
        iou=_volume_iou(pred_mesh, truth_mesh, samples)
        if watertight and is_watertight(truth_mesh.faces, len(truth_mesh.vertices))
        else None,
        bodies=count_bodies(np.asarray(pred_mesh.faces), len(pred_mesh.vertices)),
        watertight=watertight,
    )


def _one_side(
    source: "trimesh.Trimesh", target: "trimesh.Trimesh", samples: int, seed: int
) -> tuple[Float[np.ndarray, "n"], float]:
    """Distance of each of the source's sample points to the target, and the mean angle between the normals there."""
    points, faces = draw_points(source, samples, seed)
    squared, hits, _ = igl.point_mesh_squared_distance(
        points, *_arrays(target)
    )  # which of two faces at an edge is its own choice
    cosines = (_unit_normals(source)[faces] * _unit_normals(target)[np.asarray(hits)]).sum(-1)
    angles = np.degrees(np.arccos(np.clip(np.abs(cosines), 0, 1)))
    return np.sqrt(squared), float(angles.mean())


def _unit_normals(mesh: "trimesh.Trimesh") -> Float[np.ndarray, "f 3"]:
    """Face normals; zero, at right angles to everything, for a face without area."""
    vertices, faces = _arrays(mesh)
    first, second, third = vertices[faces].swapaxes(0, 1)
    crosses = np.cross(second - first, third - first)
    lengths = np.linalg.norm(crosses, axis=-1, keepdims=True)
    return np.divide(crosses, lengths, out=np.zeros_like(crosses), where=lengths > 0)


def _volume_iou(pred: "trimesh.Trimesh", truth: "trimesh.Trimesh", samples: int) -> float:
    """Shares of Sobol points in the box of both surfaces; inside where the winding number exceeds 1/2 in size."""
    bounds = np.stack([pred.bounds, truth.bounds])
    low, high = bounds[:, 0].min(0), bounds[:, 1].max(0)
    unit = torch.quasirandom.SobolEngine(3).draw(samples, dtype=torch.float64).numpy()
    points = low + unit * (high - low)
    in_pred, in_truth = (np.abs(igl.fast_winding_number(*_arrays(mesh), points)) > 0.5 for mesh in (pred, truth))
    union = int((in_pred | in_truth).sum())
    return int((in_pred & in_truth).sum()) / union if union else 0.0


def _arrays(mesh: "trimesh.Trimesh") -> tuple[Float[np.ndarray, "v 3"], Int[np.ndarray, "f 3"]]:
    return np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)


def _empty_score(threshold: float, iou: float | None) -> SurfaceScore:
    return SurfaceScore(
        chamfer=None, hausdorff=None, normal_deg=None, pred_to_truth=None, truth_to_pred=None,
        f_score=0.0, precision=0.0, recall=0.0, threshold=threshold, iou=iou, bodies=0, watertight=False,
    )  # fmt: skip


def _shown(value: float | None, scale: float, form: str) -> str:
    return "none" if value is None else format(value * scale, form)
