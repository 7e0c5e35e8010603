"""Rows of the losses on landmarks and heat-maps."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from diffshape import losses
from drawn_spines import draw_spine
from losses.laws.row import Argument, Row, constant, number, point
from losses.laws.rows.points import drawn

MARKS, TRUE, LOGVAR = 8 + 3 * drawn(3, 4, 2), 8 + 3 * drawn(3, 4, 2, seed=1), drawn(3, 4, 2, seed=2)
MAPS, TARGET = drawn(3, 4, 6, 5, seed=3).sigmoid(), drawn(3, 4, 6, 5, seed=4).sigmoid()
SPINE = losses.Skeleton.anteroposterior(3)
BACKS = draw_spine(vertebrae=3) * 0.1 + drawn(3, 12, 2, seed=5)
NO_VARIANCE = {"awkward": "a density without variance is infinite; `bounded_log_variance` keeps it from that"}
APART = {"rotation": "the axes are taken apart"}


def of_marks(function: Callable[..., Tensor], *, weighted: bool = True, **more: Any) -> Row:
    arguments = {"pred": point(MARKS, "landmarks"), "target": point(TRUE, "landmarks")}
    more["arguments"] = arguments | more.get("arguments", {})
    weights = {"weights": "landmarks"} if weighted else {}
    given = {"masks": {"mask": "landmarks"}, "weights": weights, "equal": {"pred": "target"}, "tiles": 2000}
    return Row(function=function, **{**given, **more})


def likelihood(function: Callable[..., Tensor], **more: Any) -> Row:
    return of_marks(
        function,
        weighted=False,
        arguments={"log_variance": number(LOGVAR, "landmarks")},
        **{
            **more,
            "exempt": {
                **APART,
                "scale": "a density changes with the unit by a logarithm",
                "equality": "a density has no largest value but that of its variance",
                **more.pop("exempt", {}),
            },
        },
    )


def of_maps(function: Callable[..., Tensor], *, weighted: bool = True, **more: Any) -> Row:
    arguments = {"pred": number(MAPS, "keypoints"), "target": constant(TARGET, "keypoints")}
    weights = {"weights": "keypoints"} if weighted else {}
    given = {"masks": {"mask": "keypoints"}, "weights": weights, "equal": {"pred": "target"}, "degree": 0, "tiles": 500}
    return Row(function=function, **{"arguments": arguments, **given, **more})


def spines(landmarks: Tensor, reference: Tensor, **options: Any) -> Tensor:
    return losses.structure_loss(landmarks, SPINE, reference=reference, **options).total


def objective(heatmaps: Tensor, target: Tensor, log_variance: Tensor, mask: Tensor | None = None) -> Tensor:
    given = {"target": target, "log_variance": log_variance, "mask": mask}
    if heatmaps.ndim == 3:
        heatmaps, given = heatmaps[None], {name: each if each is None else each[None] for name, each in given.items()}
    return losses.LandmarkLoss(lambda_uncertainty=0.3)(heatmaps, **given).total


def bounded(raw: Tensor, reduction: str = "none") -> Tensor:
    values = losses.bounded_log_variance(raw, -4.0, 5.0)
    return values.mean() if reduction == "mean" else values.sum() if reduction == "sum" else values


ROWS = {
    "wing_loss": of_marks(
        losses.wing_loss,
        options={"omega": 3.0, "epsilon": 1.0},
        lengths={"omega": 1, "epsilon": 1},
        degree=1,
        exempt=APART,
    ),
    "rectified_wing_loss": of_marks(
        losses.rectified_wing_loss,
        options={"omega": 3.0, "epsilon": 1.0, "radius": 0.5},
        lengths={"omega": 1, "epsilon": 1, "radius": 1},
        degree=1,
        exempt=APART,
    ),
    "soft_wing_loss": of_marks(
        losses.soft_wing_loss,
        options={"omega": 2.0, "slope": 5.0, "epsilon": 0.5},
        lengths={"omega": 1, "slope": 1, "epsilon": 1},
        degree=1,
        exempt=APART,
    ),
    "smooth_l1_loss": of_marks(
        losses.smooth_l1_loss, options={"beta": 2.0}, lengths={"beta": 1}, degree=1, exempt=APART
    ),
    "euclidean_loss": of_marks(losses.euclidean_loss, degree=1),
    "keypoint_similarity_loss": of_marks(
        losses.keypoint_similarity_loss,
        weighted=False,
        arguments={
            "areas": Argument(torch.tensor([900.0, 400.0, 1600.0]).double(), power=2, learned=False),
            "sigmas": Argument(
                torch.tensor([0.05, 0.1, 0.08, 0.03]).double(), "landmarks", axis=0, shared=True, learned=False
            ),
        },
        degree=0,
    ),
    "gaussian_nll": likelihood(losses.gaussian_nll, exempt=NO_VARIANCE),
    "laplace_nll": likelihood(losses.laplace_nll),
    "beta_nll": likelihood(losses.beta_nll, exempt=NO_VARIANCE | {"derivatives": "the factor is constant"}),
    "bounded_log_variance": Row(
        function=bounded,
        arguments={"raw": number(LOGVAR, None)},
        degree=0,
        exempt={"equality": "it is no loss but the bound of what a loss is given"},
    ),
    "heatmap_mse": of_maps(losses.heatmap_mse),
    "adaptive_wing_loss": of_maps(losses.adaptive_wing_loss),
    "adaptive_wing_loss, weighted": of_maps(losses.adaptive_wing_loss, options={"weighted_map": True}),
    "heatmap_focal_loss": of_maps(
        losses.heatmap_focal_loss,
        arguments={"pred": number(MAPS, "keypoints"), "target": constant((TARGET * 1.5).clamp(max=1), "keypoints")},
        exempt={
            "equality": "predictions are logits, and saturate",
            "reduction": "the mean is over pixels whose target is 1",
        },
    ),
    "heatmap_focal_loss, focal_l2": of_maps(losses.heatmap_focal_loss, options={"kind": "focal_l2"}),
    "heatmap_focal_loss, background": of_maps(losses.heatmap_focal_loss, options={"kind": "background"}),
    **{
        f"heatmap_divergence, {kind}": of_maps(
            losses.heatmap_divergence, weighted=False, options={"kind": kind, "from_logits": False}
        )
        for kind in ("js", "kl", "reverse_kl")
    },
    "heatmap_divergence": of_maps(
        losses.heatmap_divergence, weighted=False, exempt={"equality": "predictions are logits"}
    ),
    "structure_loss": Row(
        function=spines,
        arguments={
            "landmarks": point(BACKS, None),
            "reference": point(draw_spine(vertebrae=3).expand(3, 12, 2) * 0.1, None, learned=False),
        },
        degree=0,
        equal={"landmarks": "reference"},
        exempt={
            "(mask)": "a hidden landmark takes its hinges away, not a place in the skeleton: asked in its own tests",
        },
    ),
    "LandmarkLoss": Row(
        function=objective,
        arguments={
            "heatmaps": number(8 * MAPS, "landmarks"),
            "target": number(1 + drawn(3, 4, 2, seed=6).sigmoid() * 3, "landmarks"),
            "log_variance": number(LOGVAR, "landmarks"),
        },
        masks={"mask": "landmarks"},
        degree=0,
        exempt={
            "(batch)": "it has no reduction",
            "(reduction)": "it has no reduction",
            "equality": "predictions are logits",
            "derivatives": "the factor of the likelihood is a constant in the gradient",
        },
    ),
}
