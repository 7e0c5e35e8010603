"""Every public function, every argument, every awkward value: a right result, or one sentence that names the argument.

Each function has a small good call in ``CALLS``. In turn each argument is replaced: by what is no tensor, by other
shapes and types, by NaN, infinity and huge numbers, by the same numbers laid out differently; each option by numbers
and words out of its range. What may come out: the result of the good call where only the layout has changed; a finite
result; NaN or infinity where the argument had some; or a ValueError or TypeError whose text has the argument's name.
"""

import inspect
import math
import types
import typing
from dataclasses import is_dataclass
from typing import Any, NamedTuple

import pytest
import torch
from jaxtyping import AbstractArray
from torch import Tensor

from awkward_arguments import Call, run
from diffshape import fields, losses, metrics, ops
from diffshape.data import icosphere

RANDOM = torch.Generator().manual_seed(0)
B, N, K = 2, 6, 3


def rand(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=RANDOM)


def unit(*shape: int) -> Tensor:
    return torch.nn.functional.normalize(torch.randn(*shape, generator=RANDOM), dim=-1)


X, Y, NX, NY = rand(B, N, 3), rand(B, N, 3), unit(B, N, 3), unit(B, N, 3)
MASK, MASK2 = torch.arange(N).expand(B, N) < 5, torch.arange(N).expand(B, N) > 0
SPHERE = icosphere(0)
V, F = torch.as_tensor(SPHERE.vertices).float(), torch.as_tensor(SPHERE.faces).long()
V2, VB, VMASK = V + 0.1 * rand(12, 3), torch.stack([V, V + 0.1 * rand(12, 3)]), torch.arange(12).expand(B, 12) < 11
PAIR = ops.pack_meshes([(V, F), (V[:5], F[(F < 5).all(1)])])
MAPS, TARGET, KMASK = rand(B, K, 8, 7), rand(B, K, 8, 7), torch.tensor([[True, True, False], [True, True, True]])
MARKS, MARKS2 = 2 + 3 * rand(B, K, 2), 2 + 3 * rand(B, K, 2)
SPINE = losses.Skeleton.anteroposterior(2)
SQUARE = torch.tensor([[0.0, 0.0], [1.5, 0.0], [0.0, 1.0], [1.5, 1.0]])
BACK = torch.cat([SQUARE, SQUARE + torch.tensor([0.2, 1.3])]).expand(B, 8, 2) + 0.05 * rand(B, 8, 2)
BMASK = torch.arange(8).expand(B, 8) < 7
GRID = ops.GridLayout(levels=2, base=4, finest=8, features=2)
LAYERS = [rand(16, 7), rand(1, 16)], [rand(16), rand(1)]
PACKED = ops.pack_hash_grid(GRID, rand(GRID.entries, 2), torch.ones(2), *LAYERS, box=(-1.0, 1.0), beta=math.inf)
VOX, OCC = torch.randn(B, 3, 4, 5, generator=RANDOM), (rand(B, 3, 4, 5) > 0.5).float()
LOGVAR, DIST, DIST2 = torch.randn(B, K, 2, generator=RANDOM), rand(B, N) - 0.5, rand(B, N) - 0.5
HMASK = torch.ones(B, N, dtype=torch.bool)
FRAMES = torch.linalg.qr(torch.randn(2, 3, 3, generator=RANDOM))[0]
NEAREST = torch.cdist(X[0], V).argsort(-1)[:, :10]


def sphere(x: Tensor) -> Tensor:
    return x.norm(dim=-1) - 0.5


def marks(**more: Any) -> dict[str, Any]:
    return {"pred": MARKS, "target": MARKS2, "mask": KMASK, **more}


def scored(**more: Any) -> dict[str, Any]:
    return {"pred": MARKS, "truth": MARKS2, "mask": KMASK, **more}


def maps(**more: Any) -> dict[str, Any]:
    return {"pred": MAPS, "target": TARGET, "mask": KMASK, "weights": rand(B, K), **more}


def voxels(**more: Any) -> dict[str, Any]:
    return {"pred": VOX, "target": OCC, "mask": OCC > -1, **more}


def channels(**more: Any) -> dict[str, Any]:
    return {"pred": VOX, "target": OCC, "mask": OCC[:, 0] > -1, "class_weights": torch.tensor([1.0, 2.0, 3.0]), **more}


def clouds(**more: Any) -> dict[str, Any]:
    return {"x": X, "y": Y, "x_mask": MASK, "y_mask": MASK2, **more}


def distances(**more: Any) -> dict[str, Any]:
    return {"pred": DIST, "target": DIST2, "mask": HMASK, **more}


def seen(raster: Any) -> Any:
    """A picture less its depth, which is infinite where there is nothing."""
    return raster[:2]


WEIGHTS = {"x_weights": rand(B, N), "y_weights": rand(B, N)}
CALLS = {
    "adaptive_wing_loss": Call(losses.adaptive_wing_loss, maps(weighted_map=True)),
    "adjacent_normal_loss": Call(losses.adjacent_normal_loss, {"vertices": VB, "faces": F, "mask": VMASK}),
    "beta_nll": Call(losses.beta_nll, marks(log_variance=LOGVAR)),
    "bounded_log_variance": Call(losses.bounded_log_variance, {"raw": LOGVAR, "low": -4.0, "high": 4.0}),
    "chamfer_distance": Call(losses.chamfer_distance, clouds(**WEIGHTS)),
    "chamfer_normal_loss": Call(losses.chamfer_normal_loss, clouds(x_normals=NX, y_normals=NY)),
    "chamfer_per_point": Call(losses.chamfer_per_point, clouds()),
    "chamfer_with_normals": Call(losses.chamfer_with_normals, clouds(x_normals=NX, y_normals=NY)),
    "keypoint_similarity_loss": Call(
        losses.keypoint_similarity_loss, marks(areas=rand(B) + 1, sigmas=torch.tensor([0.1, 0.2, 0.3]))
    ),
    "segmentation_dice_loss": Call(losses.segmentation_dice_loss, channels()),
    "segmentation_focal_loss": Call(losses.segmentation_focal_loss, channels()),
    "segmentation_tversky_loss": Call(losses.segmentation_tversky_loss, channels()),
    "soft_wing_loss": Call(losses.soft_wing_loss, marks(weights=rand(B, K))),
    "clamped_l1_loss": Call(losses.clamped_l1_loss, distances()),
    "density_aware_chamfer_distance": Call(losses.density_aware_chamfer_distance, clouds()),
    "directional_divergence_loss": Call(
        losses.directional_divergence_loss, {"curvatures": DIST, "gradients": NX * 1.1, "mask": HMASK}
    ),
    "divergence_loss": Call(losses.divergence_loss, {"laplacians": DIST * 9, "mask": HMASK}),
    "earth_mover_distance": Call(losses.earth_mover_distance, clouds()),
    "edge_length_loss": Call(losses.edge_length_loss, {"pred": VB, "target": VB * 1.1, "faces": F, "mask": VMASK}),
    "edge_length_loss to a length": Call(losses.edge_length_loss, {"pred": VB, "target": 0.5, "faces": F}),
    "eikonal_loss": Call(losses.eikonal_loss, {"gradients": NX * 1.1, "mask": HMASK}),
    "eikonal_loss, not squared": Call(losses.eikonal_loss, {"gradients": NX * 1.1, "mask": HMASK, "squared": False}),
    "euclidean_loss": Call(losses.euclidean_loss, marks()),
    "face_normal_loss": Call(losses.face_normal_loss, {"pred": VB, "target": VB.flip(0), "faces": F, "mask": VMASK}),
    "gaussian_nll": Call(losses.gaussian_nll, marks(log_variance=LOGVAR)),
    "hausdorff_distance": Call(losses.hausdorff_distance, clouds()),
    "heatmap_divergence": Call(losses.heatmap_divergence, {"pred": MAPS, "target": TARGET, "mask": KMASK}),
    "heatmap_focal_loss": Call(losses.heatmap_focal_loss, maps(target=TARGET.round())),
    "heatmap_mse": Call(losses.heatmap_mse, maps(hardest=2)),
    "implicit_distance": Call(losses.implicit_distance, {"field": sphere, "points": X, "mask": HMASK}),
    "laplace_nll": Call(losses.laplace_nll, marks(log_variance=LOGVAR)),
    "laplacian_loss": Call(
        losses.laplacian_loss, {"vertices": VB, "faces": F, "mask": VMASK, "weighting": "cotangent"}
    ),
    "laplacian_loss of curvature": Call(
        losses.laplacian_loss, {"vertices": VB, "faces": F, "weighting": "curvature", "squared": False}
    ),
    "laplacian_loss of a pack": Call(
        losses.laplacian_loss, {"vertices": PAIR.vertices, "faces": PAIR.faces, "mask": torch.arange(17) < 16}
    ),
    "mape_loss": Call(losses.mape_loss, distances()),
    "mesh_loss": Call(losses.mesh_loss, {"pred": VB, "target": VB.flip(0), "faces": F, "mask": VMASK}),
    "mesh_loss of a pack": Call(
        losses.mesh_loss, {"pred": PAIR.vertices, "target": PAIR.vertices.flip(0), "faces": PAIR.faces}
    ),
    "mesh_to_points_distance": Call(
        losses.mesh_to_points_distance, {"points": X, "vertices": VB, "faces": F, "mask": MASK}
    ),
    "min_of_n": Call(losses.min_of_n, {"distances": rand(3, B)}),
    "normal_alignment_loss": Call(losses.normal_alignment_loss, {"gradients": NX, "normals": NY, "mask": HMASK}),
    "point_to_mesh_distance": Call(
        losses.point_to_mesh_distance, {"points": X, "vertices": VB, "faces": F, "mask": HMASK}
    ),
    "rectified_wing_loss": Call(losses.rectified_wing_loss, marks()),
    "pull_loss": Call(
        losses.pull_loss,
        {"field_values": DIST, "gradients": NX, "queries": X, "nearest_points": Y, "mask": HMASK},
    ),
    "relative_l2_loss": Call(losses.relative_l2_loss, distances()),
    "sinkhorn_divergence": Call(losses.sinkhorn_divergence, clouds(**WEIGHTS, iterations=20, blur=0.3)),
    "sliced_wasserstein_distance": Call(
        lambda **given: losses.sliced_wasserstein_distance(**given, generator=torch.Generator().manual_seed(0)),
        clouds(**WEIGHTS, projections=4, p=2.0),
    ),
    "smooth_l1_loss": Call(losses.smooth_l1_loss, marks()),
    "soft_chamfer_distance": Call(losses.soft_chamfer_distance, clouds()),
    "structure_loss a spine": Call(
        losses.structure_loss, {"landmarks": BACK, "skeleton": SPINE, "mask": BMASK, "reduction": "none"}
    ),
    "structure_loss": Call(
        losses.structure_loss, {"landmarks": BACK, "skeleton": SPINE, "reference": BACK.flip(0), "mask": BMASK}
    ),
    "surface_area_loss": Call(losses.surface_area_loss, {"values": DIST, "mask": HMASK}),
    "surface_to_points_loss": Call(
        losses.surface_to_points_loss,
        {"field_values": DIST, "gradients": NX, "surface_points": X, "nearest_points": Y, "mask": HMASK},
    ),
    "vertex_loss": Call(losses.vertex_loss, {"pred": VB, "target": VB.flip(0), "mask": VMASK}),
    "voxel_cross_entropy": Call(losses.voxel_cross_entropy, voxels()),
    "voxel_dice_loss": Call(losses.voxel_dice_loss, voxels()),
    "voxel_focal_loss": Call(losses.voxel_focal_loss, voxels(alpha=0.3)),
    "voxel_iou_loss": Call(losses.voxel_iou_loss, voxels()),
    "voxel_tversky_loss": Call(losses.voxel_tversky_loss, voxels()),
    "wing_loss": Call(losses.wing_loss, marks()),
    "LandmarkLoss": Call(
        losses.LandmarkLoss().forward, {"heatmaps": MAPS, "target": MARKS, "log_variance": LOGVAR, "mask": KMASK}
    ),
    "NeighborIndex": Call(ops.NeighborIndex, {"y": X[0]}, lambda index: index.query(Y[0], 2)),
    "PackedFaces": Call(
        ops.PackedFaces, {"triangles": F, "vertex_counts": (12,), "face_counts": (20,)}, lambda it: it.sides
    ),
    "NeighborIndex.query": Call(ops.NeighborIndex(X[0]).query, {"x": Y[0], "k": 2}),
    "PointWinding": Call(
        ops.PointWinding, {"points": V / 2, "area_vectors": V, "width": 0.1}, lambda winding: winding.value(X[0])
    ),
    "PointWinding.value": Call(ops.PointWinding(V, V, width=0.1).value, {"x": X[0]}),
    "PointWinding.gradient": Call(ops.PointWinding(V, V, width=0.1).gradient, {"x": X[0]}),
    "PointWinding.inside": Call(ops.PointWinding(V, V, width=0.1).inside, {"x": X[0]}),
    "TriangleIndex": Call(ops.TriangleIndex, {"vertices": V, "faces": F}, lambda index: index.signed_distances(X[0])),
    "TriangleIndex.query": Call(ops.TriangleIndex(V, F).query, {"points": X[0]}),
    "assign": Call(ops.assign, clouds()),
    "ball_query": Call(ops.ball_query, clouds(radius=1.0, k=2), lambda found: found.indices),
    "estimate_normals": Call(ops.estimate_normals, {"points": X, "k": 4, "mask": MASK}),
    "farthest_points": Call(ops.farthest_points, {"points": X, "count": 3, "start": 1, "mask": MASK}),
    "gather_points": Call(ops.gather_points, {"points": X, "indices": torch.arange(N).expand(B, N)}),
    "manhattan_neighbors": Call(ops.manhattan_neighbors, clouds(k=2)),
    "closest_points": Call(ops.closest_points, {"points": X, "vertices": VB, "faces": F, "mask": MASK}),
    "closest_points of a pack": Call(
        ops.closest_points, {"points": X, "vertices": PAIR.vertices, "faces": PAIR.faces, "mask": MASK}
    ),
    "closest_triangles": Call(ops.closest_triangles, {"points": X, "vertices": VB, "faces": F}),
    "denormalize_landmarks": Call(ops.denormalize_landmarks, {"landmarks": MARKS, "size": (8, 7)}),
    "face_normals": Call(ops.face_normals, {"vertices": VB, "faces": F}),
    "face_sides": Call(ops.face_sides, {"faces": F}),
    "gaussian_heatmaps": Call(ops.gaussian_heatmaps, {"landmarks": MARKS, "size": (8, 7), "mask": KMASK}),
    "hash_encode": Call(
        ops.hash_encode, {"points": X, "tables": rand(GRID.entries, 2), "grid": GRID, "fade": torch.ones(2)}
    ),
    "heatmap_argmax": Call(ops.heatmap_argmax, {"heatmaps": MAPS}),
    "heatmap_dark": Call(ops.heatmap_dark, {"heatmaps": MAPS, "sigma": 1.0}),
    "heatmap_soft_argmax": Call(ops.heatmap_soft_argmax, {"heatmaps": MAPS}),
    "inside_mesh": Call(ops.inside_mesh, {"points": X, "vertices": VB, "faces": F}),
    "isosurface": Call(ops.isosurface, {"field": sphere, "resolution": 8, "bounds": (-1.0, 1.0)}),
    "local_quadrics": Call(
        ops.local_quadrics,
        {
            "centers": X[0], "points": V, "center_normals": NX[0], "point_normals": 2 * V, "neighbors": NEAREST,
            "noise": 0.1, "sizes": (8, 10), "agreement": -1.0,
        },
    ),
    "nearest_neighbors": Call(ops.nearest_neighbors, clouds(k=2)),
    "normalize_landmarks": Call(ops.normalize_landmarks, {"landmarks": MARKS, "size": (8, 7)}),
    "orient_points": Call(
        ops.orient_points,
        {"points": V, "normals": V, "areas": torch.ones(12), "rounds": 2, "widths": (1.5, 0.75), "directions": 8},
        lambda oriented: oriented.normals,
    ),
    "OrientedPoints.winding": Call(
        lambda points: ops.orient_points(V).winding(points).value(X[0]), {"points": V}
    ),
    "optimality_gap": Call(ops.optimality_gap, {"x": X, "y": Y, "indices": torch.arange(N).expand(B, N)}),
    "pack_hash_grid": Call(
        lambda tables, fade: ops.pack_hash_grid(GRID, tables, fade, *LAYERS, box=(-1.0, 1.0), beta=math.inf),
        {"tables": rand(GRID.entries, 2), "fade": torch.ones(2)},
        lambda packed: ops.query_hash_grid(X[0], packed),
    ),
    "pack_meshes": Call(ops.pack_meshes, {"meshes": [(V, F), (V2, F)]}, lambda it: (it.vertices, it.faces.triangles)),
    "project_to_level_set": Call(ops.project_to_level_set, {"field": sphere, "points": X, "steps": 2}),
    "query_hash_grid": Call(ops.query_hash_grid, {"points": X[0], "packed": PACKED}),
    "rasterize_mesh": Call(ops.rasterize_mesh, {"vertices": V * 3 + 4, "faces": F, "height": 8, "width": 8}, seen
    ),
    "rasterize_spheres": Call(ops.rasterize_spheres, {"points": V * 3 + 4, "radius": 1.5, "height": 8, "width": 8}, seen
    ),
    "resize_landmarks": Call(ops.resize_landmarks, {"landmarks": MARKS, "scale": 2.0}),
    "sample_surface": Call(
        lambda **given: ops.sample_surface(**given, generator=torch.Generator().manual_seed(0)),
        {"vertices": VB, "faces": F, "count": 5},
    ),
    "sample_surface of a pack": Call(
        lambda **given: ops.sample_surface(**given, generator=torch.Generator().manual_seed(0)),
        {"vertices": PAIR.vertices, "faces": PAIR.faces, "count": 5, "located": True},
    ),
    "set_distances": Call(ops.set_distances, {"x": X, "y": Y}),
    "set_distances of the earth mover": Call(ops.set_distances, {"x": X, "distance": "earth_mover"}),
    "signed_distance": Call(ops.signed_distance, {"points": X, "vertices": VB, "faces": F}),
    "signed_distance of a pack": Call(
        ops.signed_distance, {"points": X, "vertices": PAIR.vertices, "faces": PAIR.faces}
    ),
    "visible_from": Call(ops.visible_from, {"points": X[0], "frames": FRAMES, "cell": 0.2, "slack": 0.1}),
    "f_score": Call(metrics.f_score, {"pred_to_truth": rand(B, N), "truth_to_pred": rand(B, N), "threshold": 0.5}),
    "compare_cloud_to_surface": Call(
        metrics.compare_cloud_to_surface, {"points": X[0], "truth": (V, F), "samples": 20}
    ),
    "compare_fields": Call(
        metrics.compare_fields,
        {"pred_near": DIST[0], "truth_near": DIST2[0], "pred_volume": DIST[1], "truth_volume": DIST2[1]},
    ),
    "compare_as_published": Call(metrics.compare_as_published, {"pred": (V, F), "truth": (V2, F), "samples": 20}),
    "compare_points": Call(metrics.compare_points, {"pred": X[0], "truth": Y[0]}),
    "compare_sets": Call(metrics.compare_sets, {"samples": X, "references": Y, "points": 5}),
    "compare_surfaces": Call(metrics.compare_surfaces, {"pred": (V, F), "truth": (V2, F), "samples": 20}),
    "normal_consistency": Call(
        metrics.normal_consistency, {"pred": X, "truth": Y, "pred_normals": NX, "truth_normals": NY}
    ),
    "occupancy_iou": Call(metrics.occupancy_iou, {"pred": DIST, "truth": (DIST2 > 0).float(), "mask": HMASK}),
    "point_to_mesh_statistics": Call(metrics.point_to_mesh_statistics, {"points": X[0], "mesh": (V, F)}),
    "published_offset": Call(metrics.published_offset, {"vertices": V, "center": (0.0, 0.0, 0.0), "side": 2.0}),
    "radial_error": Call(metrics.radial_error, scored(spacing=torch.ones(B))),
    "sign_f1": Call(metrics.sign_f1, {"pred": DIST, "truth": DIST2, "mask": HMASK}),
    "spurious_share": Call(
        metrics.spurious_share, {"mesh": (V, F), "points": X[0], "distance": 1.0, "unit": "input", "samples": 20}
    ),
    "structure_violations": Call(
        metrics.structure_violations, {"landmarks": BACK, "skeleton": SPINE, "reference": BACK.flip(0), "mask": BMASK}
    ),
    "uncertainty_calibration": Call(metrics.uncertainty_calibration, scored(log_variance=LOGVAR)),
    "voxel_iou": Call(metrics.voxel_iou, {"pred": VOX, "truth": OCC, "mask": OCC > -1}),
    "HashGrid": Call(fields.HashGrid(levels=2, finest=16, width=16).forward, {"x": X}),
    "FeatureGrid": Call(fields.FeatureGrid(levels=2, finest=16).value_and_gradient, {"x": X}),
    "Siren": Call(fields.Siren(width=16, hidden_layers=2).second_order, {"x": X, "along": "gradient"}),
    "MLP": Call(fields.MLP(width=16, hidden_layers=2, skip=()).value_and_gradient, {"x": X}),
}  # fmt: skip
WITHOUT_CALL = {
    "GridLayout": "settings, which check themselves",
    "Skeleton": "settings, which check themselves",
    "StructureLimits": "settings, which check themselves",
    "TermSchedule": "settings",
}
UNKNOWN_IS_TOLD = {
    ("gaussian_heatmaps", "landmarks"): "a landmark that is not finite draws nothing",
    ("implicit_distance", "points"): "points that are not finite are not valid",
    ("radial_error", "pred"): "an infinite error",
    ("radial_error", "truth"): "an infinite error",
    ("structure_violations", "landmarks"): "NaN violates",
    ("structure_violations", "reference"): "NaN gives no direction",
}
INFINITE_IS_A_NUMBER = {
    "clamped_l1_loss", "directional_divergence_loss", "divergence_loss", "f_score", "hash_encode", "heatmap_argmax",
    "heatmap_dark", "heatmap_divergence",
    "heatmap_focal_loss", "heatmap_soft_argmax", "min_of_n", "occupancy_iou", "pack_hash_grid",
    "segmentation_dice_loss", "segmentation_focal_loss",
    "segmentation_tversky_loss", "sign_f1",
    "surface_area_loss", "voxel_dice_loss", "voxel_iou", "voxel_iou_loss", "voxel_tversky_loss",
}  # fmt: skip
"""Logits, clamped distances, candidates: infinity is one of the values."""
UNTOUCHED = {("pack_hash_grid", "tables"): "nobody reads all of a table"}
OVERFLOWS = {
    ("MLP", "x"): "sums of 1e38 in the network",
    ("Siren", "x"): "sums of 1e38 in the network",
    ("project_to_level_set", "points"): "the field itself overflows",
}


def public_callables() -> dict[str, Any]:
    found = {}
    for package in (losses, ops, metrics):
        for name in package.__all__:
            value = getattr(package, name)
            results = isinstance(value, type) and (issubclass(value, tuple) or is_dataclass(value))
            if callable(value) and (not results or name in WITHOUT_CALL):
                found[name] = value
    return found


def test_every_public_function_has_a_good_call():
    assert public_callables().keys() - CALLS.keys() - WITHOUT_CALL.keys() == set()


def signature(name: str, call: Call) -> Any:
    """The parameters of the public function, also where the call goes through a lambda."""
    public = public_callables().get(name, call.function)
    return inspect.signature(call.function if isinstance(public, type) else public).parameters


def hint_of(call: Call, name: str) -> Any:
    function = next(key for key, each in CALLS.items() if each is call)
    parameters = signature(function, call)
    return parameters[name].annotation if name in parameters else Any


def kinds_of(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def is_tensor_hint(hint: Any) -> bool:
    return any(isinstance(kind, type) and issubclass(kind, AbstractArray) for kind in kinds_of(hint))


class Outcome(NamedTuple):
    """What came of a call: an error's text, or numbers."""

    error: str | None
    numbers: list[Tensor]

    @property
    def finite(self) -> bool:
        return all(bool(each.isfinite().all()) for each in self.numbers)

    @property
    def has_nan(self) -> bool:
        return any(bool(each.isnan().any()) for each in self.numbers)


def outcome(call: Call, names: set[str], **changes: Any) -> Outcome:
    """The result, or the sentence of the refusal, which must name one of these arguments, or the file that is given."""
    try:
        return Outcome(None, run(call, **changes))
    except (ValueError, TypeError) as error:
        text = str(error).split("\n")[0]
    names = names | {value for value in changes.values() if isinstance(value, str)}
    assert any(name in text for name in names), f"names none of {sorted(names)}: {text}"
    return Outcome(text, [])


def same(first: list[Tensor], second: list[Tensor], rtol: float) -> bool:
    return len(first) == len(second) and all(
        a.shape == b.shape and torch.allclose(a, b, rtol=rtol, atol=rtol, equal_nan=True) for a, b in zip(first, second)
    )


def relaid(value: Tensor) -> dict[str, Tensor]:
    """The same numbers, laid out differently."""
    wide = torch.stack([value, torch.full_like(value, 1)], -1)
    turned = value.transpose(0, -1).contiguous().transpose(0, -1) if value.ndim > 1 else value
    layouts = {"every second": wide[..., 0], "transposed": turned, "copy": value.clone()}
    return layouts | ({"leaf": value.clone().requires_grad_()} if value.is_floating_point() else {})


def other_shapes(value: Tensor) -> dict[str, Any]:
    shapes = {
        "a dimension more": value[None, None, None],
        "a number": value.flatten()[0],
        "one row": value.flatten(),
        "empty": value[:0],
        "nothing last": value[..., :0],
    }
    if value.ndim:
        shapes["longer last"] = torch.cat([value, value[..., :1]], -1)
        shapes["longer first"] = torch.cat([value, value[:1]])
    return shapes


@pytest.mark.parametrize("name", CALLS)
def test_the_good_call_is_good(name):
    assert Outcome(None, run(CALLS[name])).finite


def tensor_arguments() -> list[tuple[str, str]]:
    return [
        (name, argument)
        for name, call in CALLS.items()
        for argument, value in call.arguments.items()
        if isinstance(value, Tensor)
    ]


@pytest.mark.parametrize(("name", "argument"), tensor_arguments())
def test_what_is_no_tensor_is_refused_by_name(name, argument):
    call, value = CALLS[name], CALLS[name].arguments[argument]
    hint, read_arrays = hint_of(call, argument), not is_tensor_hint(hint_of(call, argument))
    nasty: dict[str, Any] = {
        "text": "nonsense",
        "object": object(),
        "sparse": value.to_sparse(),
        "meta": value.to("meta"),
    }
    if name != "pack_hash_grid" and not (read_arrays and hint is not Any):
        nasty |= {"complex": value.to(torch.complex64)}
    if not read_arrays:
        nasty |= {"list": value.tolist(), "array": value.numpy()}
    if type(None) not in kinds_of(hint):
        nasty["none"] = None
    for kind, given in nasty.items():
        names = {argument, "nonsense"} if kind == "text" and hint is Any else {argument}  # there, text is a file's path
        found = outcome(call, names, **{argument: given})
        assert found.error is not None, f"{kind} was taken"


@pytest.mark.parametrize(("name", "argument"), tensor_arguments())
def test_other_layouts_change_nothing(name, argument):
    call, value = CALLS[name], CALLS[name].arguments[argument]
    expected = run(call)
    for kind, given in relaid(value).items():
        assert same(run(call, **{argument: given}), expected, 1e-5), kind
    if value.ndim and len(value) > 1:
        repeated = value[:1].expand(value.shape)
        spread = outcome(call, set(call.arguments), **{argument: repeated})
        written_out = outcome(call, set(call.arguments), **{argument: repeated.clone()})
        assert spread.error == written_out.error
        assert same(spread.numbers, written_out.numbers, 1e-5)


@pytest.mark.parametrize(("name", "argument"), tensor_arguments())
def test_other_shapes_are_computed_or_refused(name, argument):
    call, value = CALLS[name], CALLS[name].arguments[argument]
    for kind, given in other_shapes(value).items():
        found = outcome(call, set(call.arguments), **{argument: given})
        assert found.finite, f"{kind}: {found.numbers}"


@pytest.mark.parametrize(("name", "argument"), tensor_arguments())
def test_other_types_are_computed_or_refused(name, argument):
    call, value = CALLS[name], CALLS[name].arguments[argument]
    expected = run(call)
    if value.is_floating_point():
        for dtype in (torch.float16, torch.bfloat16):
            rounded = run(call, **{argument: value.to(dtype).float()})
            found = outcome(call, {argument}, **{argument: value.to(dtype)})
            assert found.error or same(found.numbers, rounded, 1e-2), f"{dtype}: {found.numbers}, wanted {rounded}"
        whole = (value * 2).round()
        for dtype in (torch.int64, torch.int32, torch.bool):
            if dtype == torch.bool and name in ("occupancy_iou", "voxel_iou"):
                continue  # boolean predictions are no logits
            found = outcome(call, {argument}, **{argument: whole.to(dtype)})
            assert found.error or same(
                found.numbers, outcome(call, {argument}, **{argument: whole.to(dtype).float()}).numbers, 1e-2
            ), dtype
    elif value.dtype == torch.bool:
        for dtype in (torch.int64, torch.float32, torch.uint8):
            assert outcome(call, {argument}, **{argument: value.to(dtype)}).error, dtype
    else:
        assert same(run(call, **{argument: value.to(torch.int64)}), expected, 1e-6)
        for dtype in (torch.float32, torch.bool):
            assert outcome(call, {argument}, **{argument: value.to(dtype)}).error, dtype
        for dtype in (torch.int32, torch.uint8):
            found = outcome(call, {argument}, **{argument: value.to(dtype)})
            assert found.error or same(found.numbers, expected, 1e-6), dtype
        for place in (-1, 10**6, 2**62):
            wrong = value.clone()
            wrong.view(-1)[0] = place
            found = outcome(call, {argument}, **{argument: wrong})
            assert found.error or (name, place) in {("face_sides", 10**6), ("gather_points", -1)}, place


def real_place(call: Call, argument: str, value: Tensor) -> tuple[int, ...]:
    return tuple(min(1, size - 1) for size in value.shape)  # masked nowhere in these calls


@pytest.mark.parametrize(("name", "argument"), tensor_arguments())
def test_nan_and_infinity_are_never_hidden(name, argument):
    call, value = CALLS[name], CALLS[name].arguments[argument]
    if not value.is_floating_point() or (name, argument) in UNKNOWN_IS_TOLD | UNTOUCHED:
        return
    for bad in (math.nan, math.inf, -math.inf):
        spoilt = value.clone()
        spoilt[real_place(call, argument, value)] = bad
        found = outcome(call, {argument, "points"}, **{argument: spoilt})
        if math.isinf(bad) and name in INFINITE_IS_A_NUMBER:
            continue
        assert found.error or not found.finite, f"{bad} was hidden: {found.numbers}"
        everywhere = outcome(call, {argument, "points"}, **{argument: torch.full_like(value, bad)})
        assert everywhere.error or not everywhere.finite, f"{bad} everywhere was hidden: {everywhere.numbers}"


@pytest.mark.parametrize(("name", "argument"), tensor_arguments())
def test_huge_numbers_give_the_value_or_a_refusal(name, argument):
    call, value = CALLS[name], CALLS[name].arguments[argument]
    if not value.is_floating_point() or (name, argument) in OVERFLOWS:
        return
    for scale in (1e20, 1e38):
        found = outcome(call, set(call.arguments), **{argument: value * scale})
        assert not found.has_nan, f"{scale:g}: {found.numbers}"


def option_arguments() -> list[tuple[str, str]]:
    found = []
    for name, call in CALLS.items():
        for argument, parameter in signature(name, call).items():
            given = call.arguments.get(argument, parameter.default)
            if isinstance(given, (bool, int, float, str)) or (
                given is None and not is_tensor_hint(parameter.annotation)
            ):
                found.append((name, argument))
    return found


@pytest.mark.parametrize(("name", "argument"), option_arguments())
def test_options_out_of_range_are_refused_or_harmless(name, argument):
    call = CALLS[name]
    hint = hint_of(call, argument)
    kinds = kinds_of(hint)
    nasty: list[Any] = [-1, 0, -1.5, math.nan, math.inf, -math.inf]
    numeric = float in kinds or int in kinds
    must_be_refused: list[Any] = [object()]
    if hint is not Any and not isinstance(call.function, types.LambdaType):
        must_be_refused += [[1, 2], torch.zeros(2)]
    if numeric or bool in kinds:
        must_be_refused += ["nonsense", 1j]
    if any(typing.get_origin(kind) is typing.Literal for kind in kinds):
        must_be_refused += ["nonsense", 7, None] if type(None) not in kinds else ["nonsense", 7]
    if numeric and type(None) not in kinds:
        must_be_refused.append(None)
    for given in must_be_refused:
        assert outcome(call, {argument}, **{argument: given}).error, f"{given!r} was taken"
    for given in nasty if numeric else []:
        if argument in (
            "resolution",
            "height",
            "width",
            "projections",
            "iterations",
            "steps",
            "samples",
            "bins",
            "count",
        ):
            given = given if abs(given) < 100 else -3
        found = outcome(call, {argument}, **{argument: given})
        assert not found.has_nan, f"{given}: {found.numbers}"
