"""Rows of the losses of distance fields."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from diffshape import losses
from losses.laws.row import Argument, Row, number, point
from losses.laws.rows.points import drawn

VALUES, OTHERS = 0.2 * drawn(3, 6), 0.2 * drawn(3, 6, seed=1)
VECTORS, NORMALS, POINTS, NEAREST = (drawn(3, 6, 3, seed=seed) for seed in (2, 3, 4, 5))


def gradients(values: Tensor = VECTORS, **more: Any) -> Argument:
    return Argument(values, "points", "direction", **more)


def of_points(function: Callable[..., Tensor], arguments: dict[str, Argument], **more: Any) -> Row:
    more.setdefault("tiles", 2000)
    return Row(function=function, arguments=arguments, masks={"mask": "points"}, **more)


def of_distances(function: Callable[..., Tensor], **more: Any) -> Row:
    pred, target = number(VALUES, power=1), number(OTHERS, power=1)
    return of_points(function, {"pred": pred, "target": target}, equal={"pred": "target"}, **more)


def to_sphere(points: Tensor, **options: Any) -> Tensor:
    return losses.implicit_distance(lambda x: x.square().sum(-1) - 0.25, points, **options).distance


HEADED = {"gradients": gradients(), "normals": gradients(NORMALS)}
NO_TARGET = {"equality": "it has no target"}
ONCE = "only the first derivative is promised"
ROWS = {
    "mape_loss": of_distances(losses.mape_loss, options={"epsilon": 0.01}, lengths={"epsilon": 1}, degree=0),
    "clamped_l1_loss": of_distances(losses.clamped_l1_loss, options={"limit": 0.3}, lengths={"limit": 1}, degree=1),
    "relative_l2_loss": of_distances(
        losses.relative_l2_loss,
        options={"epsilon": 0.01},
        lengths={"epsilon": 2},
        degree=0,
        exempt={"derivatives": "the denominator is a constant in the gradient"},
    ),
    "divergence_loss": of_points(
        losses.divergence_loss,
        {"laplacians": number(5 * OTHERS, power=-1)},
        options={"low": 0.1, "high": 50.0},
        lengths={"low": -1, "high": -1},
        degree=-1,
        exempt=NO_TARGET,
    ),
    "directional_divergence_loss": of_points(
        losses.directional_divergence_loss,
        {"curvatures": number(VALUES, power=-1), "gradients": gradients()},
        degree=-1,
        exempt=NO_TARGET,
    ),
    "eikonal_loss": of_points(losses.eikonal_loss, {"gradients": gradients()}, degree=0, exempt=NO_TARGET),
    "eikonal_loss, not squared": of_points(
        losses.eikonal_loss, {"gradients": gradients()}, options={"squared": False}, degree=0, exempt=NO_TARGET
    ),
    "implicit_distance": of_points(
        to_sphere,
        {"points": point(POINTS)},
        tiles=50,
        exempt={
            "translation": "the field stays where it is",
            "scale": "the field keeps its unit",
            "derivatives": ONCE,
            "equality": "it has no target",
        },
    ),
    "normal_alignment_loss": of_points(losses.normal_alignment_loss, HEADED, degree=0, equal={"gradients": "normals"}),
    "normal_alignment_loss, not oriented": of_points(
        losses.normal_alignment_loss, HEADED, options={"oriented": False}, degree=0, equal={"gradients": "normals"}
    ),
    "pull_loss": of_points(
        losses.pull_loss,
        {
            "field_values": number(VALUES, power=1),
            "gradients": gradients(),
            "queries": point(POINTS),
            "nearest_points": point(NEAREST),
        },
        degree=1,
        exempt={"equality": "a query at its data point is pulled away from it by a field that is not 0 there"},
    ),
    "surface_area_loss": of_points(
        losses.surface_area_loss,
        {"values": number(VALUES, power=1)},
        options={"alpha": 5.0},
        lengths={"alpha": -1},
        degree=0,
        exempt=NO_TARGET,
    ),
    "surface_to_points_loss": of_points(
        losses.surface_to_points_loss,
        {
            "field_values": number(VALUES, power=1),
            "gradients": gradients(learned=False),
            "surface_points": point(POINTS, learned=False),
            "nearest_points": point(NEAREST, learned=False),
        },
        degree=1,
        equal={"nearest_points": "surface_points"},
        exempt={"derivatives": "the derivative is that of the surface's motion, not of the value"},
    ),
}
