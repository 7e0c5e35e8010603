"""Heat-maps, coordinates, anatomy and uncertainty in one objective, on terms of one size.

    total = sum over terms of ramp(progress) * lambda * term

Each term is about 1 when a landmark is missed altogether, at any resolution, so that the lambdas say what matters. (As
means over pixels and over coordinates they would not: at 512 x 512 a Wing loss is 95,000 times a squared error.)

    heatmap       "divergence": Jensen-Shannon divergence in nats, at most ln 2. Others: their sum over the pixels,
                  divided by that of a map of zeros
    coordinate    Wing, smooth L1 or Euclidean loss of the error in pixels, divided by that of an error of ``scale``
    anatomical    ``structure_loss`` in the frame of the true landmarks
    uncertainty   beta, Gaussian or Laplace likelihood of the error in units of ``scale``

With learnt weights (Kendall, Gal, Cipolla, CVPR 2018) the first three become e^-s term / 2 + s / 2, with one s a term
that starts where e^-s / 2 is its lambda and can change it at most by a factor of e^4. A likelihood weighs itself.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.landmarks.adaptive_wing import adaptive_wing_loss
from diffshape.losses.landmarks.coordinates import euclidean_loss, smooth_l1_loss, wing_loss
from diffshape.losses.landmarks.heatmap_divergence import heatmap_divergence
from diffshape.losses.landmarks.heatmap_mse import heatmap_mse
from diffshape.losses.landmarks.likelihoods import beta_nll, bounded_log_variance, gaussian_nll, laplace_nll
from diffshape.losses.landmarks.spine_limits import StructureLimits
from diffshape.losses.landmarks.spine_structure import structure_loss
from diffshape.losses.terms import LossTerms
from diffshape.ops import gaussian_heatmaps, heatmap_soft_argmax
from diffshape.ops.landmarks.skeleton import Skeleton

MAP_LOSSES: dict[str, Callable[..., Tensor]] = {
    "adaptive_wing": partial(adaptive_wing_loss, weighted_map=True),
    "mse": heatmap_mse,
}
LIKELIHOODS = {"beta": beta_nll, "gaussian": gaussian_nll, "laplace": laplace_nll}
LEARNED = ("heatmap", "coordinate", "anatomical")
REACH = 4.0
"""Largest change of a learned log weight."""


@dataclass(frozen=True, kw_only=True)
class TermSchedule:
    """When each term joins the heat-map term, as shares of training from 0 to 1; it grows linearly over ``ramp``."""

    coordinate: float = 0.1
    anatomical: float = 0.3
    uncertainty: float = 0.3
    ramp: float = 0.1

    def factor(self, term: str, progress: float) -> float:
        """How much of a term counts, 0 to 1.

        >>> [round(TermSchedule().factor("coordinate", progress), 2) for progress in (0.0, 0.1, 0.15, 0.2)]
        [0.0, 0.0, 0.5, 1.0]
        """
        if term == "heatmap":
            return 1.0
        since = progress - getattr(self, term)
        return min(max(since / self.ramp, 0.0), 1.0) if self.ramp > 0 else float(since >= 0)


class LandmarkLoss(torch.nn.Module):
    """The combined objective of a landmark network: the sum of ramp(progress) * lambda * term over four terms.

    Each term is about 1 when a landmark is missed altogether, at any resolution:

        heatmap       "divergence": Jensen-Shannon divergence in nats. Others: their sum over the pixels, divided by
                      that of a map of zeros
        coordinate    Wing, smooth L1 or Euclidean loss of the error in pixels, divided by that of an error of ``scale``
        anatomical    ``structure_loss`` in the frame of the true landmarks
        uncertainty   beta, Gaussian or Laplace likelihood of the error in units of ``scale``

    With ``learn_weights`` the first three become e^-s term / 2 + s / 2, with one learnt s a term.

    Args:
        skeleton: What the landmarks are; without one there is no anatomical term.
        heatmap: "divergence" takes heat-maps as logits, and coordinates from their softmax. "adaptive_wing" (with its
            weighted map) and "mse" take them as values, and coordinates from their share in the sum.
        coordinate: Loss of the coordinates, in pixels of the heat-map: "wing", "smooth_l1" or "euclidean".
        uncertainty: Likelihood of the coordinates' errors: "beta", "gaussian" or "laplace" (``losses.beta_nll`` and so
            on).
        lambda_heatmap: Weight of the heat-map term; 0 leaves it out.
        lambda_coordinate: Weight of the coordinate term; 0 leaves it out.
        lambda_anatomical: Weight of the anatomical term; 0 leaves it out.
        lambda_uncertainty: Weight of the uncertainty term; 0 leaves it out.
        sigma: Standard deviation of the target heat-maps, pixels of the heat-map.
        scale: Error that counts as a miss, pixels of the heat-map; Wing becomes linear and smooth L1 a line there.
        deviation_bounds: Least and largest standard deviation that can be predicted, pixels of the heat-map.
        limits: Where the anatomical hinges begin; ``StructureLimits()`` if ``None``.
        learn_weights: Learn the weights, which begin at the lambdas; give this module's parameters to the optimiser.
        schedule: When each term joins, for calls that say their ``progress``.

    Raises:
        ValueError: An option is out of range or unknown.

    >>> target = torch.tensor([[[8.0, 7.0], [6.0, 9.0]]])
    >>> objective = LandmarkLoss()
    >>> perfect, flat = gaussian_heatmaps(target, (16, 16)).log(), torch.zeros(1, 2, 16, 16)
    >>> [round(objective(logits, target).total.item(), 1) for logits in (perfect, flat)]
    [0.0, 0.4]
    """

    @checked
    def __init__(
        self,
        skeleton: Skeleton | None = None,
        *,
        heatmap: Literal["divergence", "adaptive_wing", "mse"] = "divergence",
        coordinate: Literal["wing", "smooth_l1", "euclidean"] = "wing",
        uncertainty: Literal["beta", "gaussian", "laplace"] = "beta",
        lambda_heatmap: float = 1.0,
        lambda_coordinate: float = 0.5,
        lambda_anatomical: float = 0.1,
        lambda_uncertainty: float = 0.1,
        sigma: float = 2.0,
        scale: float = 10.0,
        deviation_bounds: tuple[float, float] = (0.1, 100.0),
        limits: StructureLimits | None = None,
        learn_weights: bool = False,
        schedule: TermSchedule | None = None,
    ) -> None:
        super().__init__()
        _check_choice("heatmap", heatmap, ("divergence", *MAP_LOSSES))
        _check_choice("coordinate", coordinate, ("wing", "smooth_l1", "euclidean"))
        _check_choice("uncertainty", uncertainty, tuple(LIKELIHOODS))
        self.lambdas = {
            "heatmap": lambda_heatmap,
            "coordinate": lambda_coordinate,
            "anatomical": lambda_anatomical,
            "uncertainty": lambda_uncertainty,
        }
        for name, value in self.lambdas.items():
            if value < 0:
                raise ValueError(f"LandmarkLoss: lambda_{name} must be 0 or more, got {value}")
        if not (sigma > 0 and scale > 0 and 0 < deviation_bounds[0] < deviation_bounds[1]):
            raise ValueError(
                f"LandmarkLoss: sigma, scale and deviation_bounds must be positive, the bounds in order, "
                f"got {sigma}, {scale}, {deviation_bounds}"
            )
        self.skeleton, self.limits, self.schedule = skeleton, limits, schedule or TermSchedule()
        self.heatmap, self.coordinate, self.uncertainty = heatmap, coordinate, uncertainty
        self.sigma, self.scale = sigma, scale
        self.lowest, self.highest = (2 * math.log(bound) for bound in deviation_bounds)
        learned = [name for name in LEARNED if learn_weights and self.lambdas[name] > 0]
        self.log_weights = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(torch.tensor(-math.log(2 * self.lambdas[name]))) for name in learned}
        )

    @checked
    def forward(
        self,
        heatmaps: Float[Tensor, "b k h w"],
        target: Float[Tensor, "b k 2"],
        *,
        log_variance: Float[Tensor, "b k 2"] | None = None,
        mask: Bool[Tensor, "b k"] | None = None,
        progress: float = 1.0,
    ) -> LossTerms:
        """Compare predicted heat-maps with true landmarks.

        Args:
            heatmaps: Logits or values, as ``heatmap`` says, shape (B, K, H, W).
            target: True (x, y) in pixels of the heat-map, shape (B, K, 2).
            log_variance: Predicted ln(variance) of the coordinates in pixels of the heat-map, before
                ``bound_log_variance``; best initialised near 2 ln(scale). Without it there is no uncertainty term.
            mask: True where a landmark is real, shape (B, K). One outside the image trains its coordinates only.
            progress: Share of training done, 0 to 1, for the schedule; 1 uses every term in full.

        Returns:
            ``LossTerms``: the weighted total; the parts "heatmap", "coordinate", "anatomical" and "uncertainty", as
            far as they are in use, without their weights.

        Raises:
            ValueError: A shape or a dtype is wrong.
        """
        self._check(heatmaps, target, log_variance, mask)
        if mask is not None:  # here, because a NaN that reaches the decoder spoils its gradient
            heatmaps = torch.where(mask[..., None, None], heatmaps, 0)
        landmarks = heatmap_soft_argmax(heatmaps, from_logits=self.heatmap == "divergence")
        target = target.to(landmarks)
        terms: dict[str, Callable[[], Tensor]] = {
            "heatmap": lambda: self._heatmap_term(heatmaps, target, mask),
            "coordinate": lambda: self._coordinate_term(landmarks, target, mask),
        }
        if self.skeleton is not None:
            skeleton = self.skeleton
            terms["anatomical"] = lambda: (
                structure_loss(landmarks, skeleton, limits=self.limits, reference=target, mask=mask).total
            )
        if log_variance is not None:
            terms["uncertainty"] = lambda: self._uncertainty_term(landmarks, target, log_variance, mask)
        factors = {name: self.schedule.factor(name, progress) for name in terms if self.lambdas[name] > 0}
        parts = {name: terms[name]() for name, factor in factors.items() if factor > 0}
        total = sum(
            (factors[name] * self._weighted(name, part) for name, part in parts.items()), landmarks.new_zeros(())
        )
        return LossTerms(total, parts)

    @checked
    def bound_log_variance(self, raw: Float[Tensor, "*b"]) -> Float[Tensor, "*b"]:
        """The network's output as ln(variance) in pixels^2, as the likelihood sees it; use it to read predictions."""
        return bounded_log_variance(raw, self.lowest, self.highest)

    def _heatmap_term(self, heatmaps: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        maps = gaussian_heatmaps(target.detach(), (heatmaps.shape[-2], heatmaps.shape[-1]), sigma=self.sigma, mask=mask)
        if self.heatmap == "divergence":
            return heatmap_divergence(heatmaps, maps)
        drawn = (maps > 0).flatten(-2).any(-1)
        loss = MAP_LOSSES[self.heatmap]
        nothing = loss(torch.zeros_like(maps), maps, mask=drawn, reduction="sum")
        return loss(heatmaps, maps, mask=drawn, reduction="sum") / torch.where(nothing > 0, nothing, 1)

    def _coordinate_term(self, landmarks: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        if self.coordinate == "wing":
            values = wing_loss(landmarks, target, omega=self.scale, epsilon=self.scale / 5, mask=mask)
            return values / (self.scale * math.log1p(5))
        if self.coordinate == "smooth_l1":
            return smooth_l1_loss(landmarks, target, beta=self.scale, mask=mask) / (self.scale / 2)
        return euclidean_loss(landmarks, target, mask=mask) / self.scale

    def _uncertainty_term(self, landmarks: Tensor, target: Tensor, raw: Tensor, mask: Tensor | None) -> Tensor:
        raw = raw if mask is None else torch.where(mask[..., None], raw, 0)
        log_variance = self.bound_log_variance(raw) - 2 * math.log(self.scale)
        likelihood = LIKELIHOODS[self.uncertainty]
        return likelihood(landmarks / self.scale, target / self.scale, log_variance, mask=mask)

    def _weighted(self, name: str, part: Tensor) -> Tensor:
        if name not in self.log_weights:
            return self.lambdas[name] * part
        start = -math.log(2 * self.lambdas[name])
        s = bounded_log_variance(self.log_weights[name], start - REACH, start + REACH)
        return ((-s).exp() * part + s) / 2

    def _check(self, heatmaps: Tensor, target: Tensor, log_variance: Tensor | None, mask: Tensor | None) -> None:
        if heatmaps.ndim != 4:
            raise ValueError(f"LandmarkLoss: heatmaps must have shape (B, K, H, W), got {tuple(heatmaps.shape)}")
        expected = (*heatmaps.shape[:2], 2)
        if target.shape != expected:
            raise ValueError(
                f"LandmarkLoss: target must have shape {expected}, (x, y) a map, got {tuple(target.shape)}"
            )
        if log_variance is not None and log_variance.shape != expected:
            raise ValueError(
                f"LandmarkLoss: log_variance must have shape {expected} like target, got {tuple(log_variance.shape)}"
            )
        if mask is not None and (mask.shape != expected[:2] or mask.dtype != torch.bool):
            raise ValueError(
                f"LandmarkLoss: mask must be boolean, shape {expected[:2]}, got {mask.dtype}, {tuple(mask.shape)}"
            )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"LandmarkLoss: {name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
