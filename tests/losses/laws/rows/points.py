"""Rows of the losses on points."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from diffshape import losses
from losses.laws.row import Argument, Row, number, point


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


X, Y, NX, NY = drawn(3, 6, 3), drawn(3, 5, 3, seed=1), drawn(3, 6, 3, seed=2), drawn(3, 5, 3, seed=3)
CLOUDS = {"x": point(X, "x"), "y": point(Y, "y")}
ORIENTED = CLOUDS | {"x_normals": Argument(NX, "x", "direction"), "y_normals": Argument(NY, "y", "direction")}
MASKS, WEIGHTS = {"x_mask": "x", "y_mask": "y"}, {"x_weights": "x", "y_weights": "y"}


def clouds(function: Callable[..., Tensor], **more: Any) -> Row:
    return Row(**{"function": function, "arguments": CLOUDS, "masks": MASKS, "equal": {"y": "x"}, **more})


def chamfer(**options: Any) -> Row:
    weights = {} if options.get("point_reduction") == "max" else WEIGHTS
    exempt = {"rotation": "Manhattan distances depend on the axes"} if options.get("norm") == 1 else {}
    if options.get("point_reduction") == "max":
        exempt["(weights)"] = "a maximum takes none"
    plain = options.get("norm") == 1 or options.get("squared") is False
    return clouds(losses.chamfer_distance, options=options, degree=1 if plain else 2, weights=weights, exempt=exempt)


def sliced(x: Tensor, y: Tensor, **options: Any) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return losses.sliced_wasserstein_distance(x, y, projections=16, generator=generator, **options)


def per_point(x: Tensor, y: Tensor, **options: Any) -> Tensor:
    found = losses.chamfer_per_point(x, y, **options)
    return found.x_distances.sum(-1) + found.y_distances.sum(-1)


def without_reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function that takes "none", which is what it does."""

    def call(*given: Tensor, reduction: str = "mean", **options: Any) -> Tensor:
        values = function(*given, **options)
        return values.mean() if reduction == "mean" else values.sum() if reduction == "sum" else values

    return call


def both(**given: Any) -> Tensor:
    found = losses.chamfer_with_normals(**given)
    return found.distance + found.normals


def best_of(distances: Tensor, **options: Any) -> Tensor:
    """Candidates of a sample in its row, not in its column."""
    found = losses.min_of_n(torch.atleast_2d(distances).mT, **options)
    return found.reshape(distances.shape[:-1]) if options.get("reduction") == "none" else found


ROWS = {
    "chamfer_distance": chamfer(),
    "chamfer_distance, plain": chamfer(squared=False),
    "chamfer_distance, sums": chamfer(point_reduction="sum"),
    "chamfer_distance, largest": chamfer(point_reduction="max"),
    "chamfer_distance, Manhattan": chamfer(norm=1),
    "chamfer_distance, one way": chamfer(direction="x_to_y"),
    "chamfer_per_point": clouds(without_reduction(per_point), degree=2),
    "chamfer_normal_loss": clouds(
        losses.chamfer_normal_loss, arguments=ORIENTED, degree=0, equal={"y": "x", "y_normals": "x_normals"}
    ),
    "chamfer_normal_loss, oriented": clouds(
        losses.chamfer_normal_loss,
        arguments=ORIENTED,
        options={"oriented": True},
        degree=0,
        equal={"y": "x", "y_normals": "x_normals"},
    ),
    "chamfer_with_normals": clouds(
        both,
        arguments=ORIENTED,
        equal={"y": "x", "y_normals": "x_normals"},
        exempt={"scale": "a sum of squared lengths and cosines"},
    ),
    "density_aware_chamfer_distance": clouds(
        losses.density_aware_chamfer_distance, options={"alpha": 0.5}, lengths={"alpha": -2}, degree=0
    ),
    "density_aware_chamfer_distance, plain": clouds(
        losses.density_aware_chamfer_distance, options={"alpha": 0.5, "squared": False}, lengths={"alpha": -1}, degree=0
    ),
    "earth_mover_distance": clouds(
        losses.earth_mover_distance,
        arguments={"x": point(X), "y": point(NX)},
        degree=1,
        masks={},
        exempt={
            "(mask)": "as many points must be masked on both sides: asked in its own tests",
        },
        tiles=4,
    ),
    "earth_mover_distance, squared": clouds(
        losses.earth_mover_distance,
        arguments={"x": point(X), "y": point(NX)},
        options={"squared": True},
        degree=2,
        masks={},
        exempt={"(mask)": "as many points must be masked on both sides: asked in its own tests"},
        tiles=4,
    ),
    "hausdorff_distance": clouds(losses.hausdorff_distance, degree=1),
    "hausdorff_distance, 80 %": clouds(losses.hausdorff_distance, options={"quantile": 0.8}, degree=1),
    "min_of_n": Row(
        function=best_of,
        arguments={"distances": number(X[..., 0].square(), "candidates", power=1)},
        options={"relaxation": 0.2},
        degree=1,
        exempt={"equality": "the least value is whatever the least distance is"},
    ),
    "sinkhorn_divergence": clouds(
        losses.sinkhorn_divergence,
        options={"blur": 1.5, "tolerance": 1e-6},
        lengths={"blur": 1},
        degree=2,
        weights=WEIGHTS,
    ),
    "sinkhorn_divergence, plain": clouds(
        losses.sinkhorn_divergence,
        options={"blur": 1.5, "tolerance": 1e-6, "p": 1},
        lengths={"blur": 1},
        degree=1,
        weights=WEIGHTS,
        exempt={"(derivatives)": "asked of squares; these take a second more"},
    ),
    "sliced_wasserstein_distance": clouds(
        sliced, degree=1, weights=WEIGHTS, exempt={"rotation": "directions are drawn, not integrated over"}
    ),
    **{
        f"soft_chamfer_distance, {mode}{', squared' if squared else ''}": clouds(
            losses.soft_chamfer_distance,
            options={"temperature": 0.7, "mode": mode, "squared": squared},
            lengths={"temperature": 1 + squared},
            degree=1 + squared,
            exempt={"equality": "above the Chamfer distance by what the temperature leaves"},
        )
        for mode in ("softmin", "expectation")
        for squared in (False, True)
    },
    "soft_chamfer_distance, debiased": clouds(
        losses.soft_chamfer_distance,
        options={"temperature": 0.7, "debias": True},
        lengths={"temperature": 1},
        degree=1,
    ),
}
