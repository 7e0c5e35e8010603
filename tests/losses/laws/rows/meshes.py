"""Rows of the losses on meshes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from diffshape import losses
from losses.laws.row import Argument, Row, mesh_faces, point
from losses.laws.rows.points import drawn

CORNERS = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=torch.float64)
FACES = torch.tensor([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])
PRED, TARGET = CORNERS + 0.2 * drawn(3, 6, 3), CORNERS + 0.2 * drawn(3, 6, 3, seed=1)
CLOUD = 1.5 * drawn(3, 5, 3, seed=2)


def of_pair(function: Callable[..., Tensor], *, faces: bool = True, **more: Any) -> Row:
    arguments = {"pred": point(PRED, "vertices"), "target": point(TARGET, "vertices")}
    arguments |= {"faces": mesh_faces(FACES)} if faces else {}
    return Row(
        **{
            "function": function,
            "arguments": arguments,
            "masks": {"mask": "vertices"},
            "equal": {"pred": "target"},
            **more,
        }
    )


def of_mesh(function: Callable[..., Tensor], **more: Any) -> Row:
    arguments: dict[str, Argument] = {"vertices": point(PRED, "vertices"), "faces": mesh_faces(FACES)}
    exempt = {"equality": "it has no target"}
    more["exempt"] = exempt | more.get("exempt", {})
    return Row(**{"function": function, "arguments": arguments, "masks": {"mask": "vertices"}, **more})


def of_cloud(function: Callable[..., Tensor], **more: Any) -> Row:
    arguments = {"points": point(CLOUD), "vertices": point(PRED, "vertices"), "faces": mesh_faces(FACES)}
    return Row(
        **{
            "function": function,
            "arguments": arguments,
            "masks": {"mask": "points"},
            "exempt": {"equality": "points and vertices are not of one kind"},
            **more,
        }
    )


def total(*given: Tensor, **options: Any) -> Tensor:
    return losses.mesh_loss(*given, **options, vertex_weight=0.5, edge_weight=2.0).total


CONSTANT_WEIGHTS = {"derivatives": "weights and areas are constants in the gradient"}
ROWS = {
    "vertex_loss": of_pair(losses.vertex_loss, faces=False, degree=2),
    "face_normal_loss": of_pair(losses.face_normal_loss, degree=0),
    "edge_length_loss": of_pair(losses.edge_length_loss, degree=2),
    "mesh_loss": of_pair(total, exempt={"scale": "a sum of squared lengths and cosines"}),
    "laplacian_loss": of_mesh(losses.laplacian_loss, degree=2),
    "laplacian_loss, cotangent": of_mesh(
        losses.laplacian_loss, options={"weighting": "cotangent", "squared": False}, degree=1, exempt=CONSTANT_WEIGHTS
    ),
    "laplacian_loss, curvature": of_mesh(
        losses.laplacian_loss, options={"weighting": "curvature"}, degree=-2, exempt=CONSTANT_WEIGHTS
    ),
    "adjacent_normal_loss": of_mesh(losses.adjacent_normal_loss, degree=0),
    "point_to_mesh_distance": of_cloud(losses.point_to_mesh_distance, degree=2),
    "point_to_mesh_distance, plain": of_cloud(losses.point_to_mesh_distance, options={"squared": False}, degree=1),
    "mesh_to_points_distance": of_cloud(losses.mesh_to_points_distance, degree=2),
    "mesh_to_points_distance, plain": of_cloud(losses.mesh_to_points_distance, options={"squared": False}, degree=1),
}
