"""What counts as a normal spine: the limits inside which the structure loss is 0."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.landmarks.skeleton import Skeleton, check_landmarks
from diffshape.ops.landmarks.spine_geometry import Spine, angles_between, read_spine


@dataclass(frozen=True, kw_only=True)
class StructureLimits:
    """Limits of ``structure_loss``; lengths are shares of the mean vertebral height.

    The defaults hold for the vertebrae of 698 lateral radiographs (BUU-LSPINE and Spondylolisthesis Vertebral
    Landmarks, both CC BY 4.0): the 1st and 99th percentile of width over height are 0.93 and 3.27. Take those of
    your own view and levels with ``from_landmarks``.

    Attributes:
        gap: Least distance of each end-plate below the one above it.
        edge: Least extent of each end-plate to the right, and of each side down.
        wedge_degrees: Largest angle between the two end-plates of a vertebra.
        end_wedge_degrees: Largest angle between the last vertebra's lower end-plate and the end edge.
        ratio: Least and largest width over height of a vertebra.
        step: Largest ratio of the widths, or of the heights, of neighbours, >= 1.
    """

    gap: float = 0.05
    edge: float = 0.2
    wedge_degrees: float = 15.0
    end_wedge_degrees: float = 45.0
    ratio: tuple[float, float] = (0.93, 3.27)
    step: float = 1.25

    def __post_init__(self) -> None:
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(f"StructureLimits: ratio must be two positive numbers, the lower first, got {self.ratio}")
        if not self.step >= 1:
            raise ValueError(f"StructureLimits: step must be 1 or more, got {self.step}")
        for name in ("gap", "edge", "wedge_degrees", "end_wedge_degrees"):
            if getattr(self, name) < 0:
                raise ValueError(f"StructureLimits: {name} must be 0 or more, got {getattr(self, name)}")

    @classmethod
    @checked
    def from_landmarks(
        cls,
        landmarks: Float[Tensor, "*b k 2"],
        skeleton: Skeleton,
        *,
        mask: Bool[Tensor, "*b k"] | None = None,
        tail: float = 0.01,
    ) -> "StructureLimits":
        """Ratio, step and wedge limits that all but a share of true annotations keep; the rest as by default.

        Args:
            landmarks: True landmarks of one view, in any unit, shape (..., K, 2).
            skeleton: What they are.
            mask: True where a landmark is real, shape (..., K).
            tail: Share of vertebrae beyond each limit, 0 to 0.5.

        Raises:
            ValueError: A shape or ``tail`` is wrong, or no two neighbours are complete.
        """
        check_landmarks("StructureLimits.from_landmarks", landmarks, skeleton, mask)
        if not 0 <= tail < 0.5:
            raise ValueError(f"StructureLimits.from_landmarks: tail must be 0 or more and below 0.5, got {tail}")
        spine = read_spine(landmarks.detach().double(), skeleton, mask)
        steps, real = _steps(spine), spine.real_bodies
        if steps.numel() == 0:
            raise ValueError("StructureLimits.from_landmarks: no two neighbouring vertebrae have all their landmarks")
        ratios, wedges = (spine.widths / spine.heights)[real], _wedges(spine)[real]
        return cls(
            ratio=(float(ratios.quantile(tail)), float(ratios.quantile(1 - tail))),
            step=math.exp(float(steps.quantile(1 - tail))),
            wedge_degrees=math.degrees(float(wedges.quantile(1 - tail))),
        )


def _wedges(spine: Spine) -> Float[Tensor, "*b q"]:
    plates = spine.plates[..., : 2 * spine.sides.shape[-3], :].unflatten(-2, (-1, 2))
    return angles_between(plates[..., 0, :], plates[..., 1, :]).abs()


def _steps(spine: Spine) -> Float[Tensor, "n"]:
    """|ln| of the ratio of widths and of heights, of every two neighbours that are complete."""
    both = spine.real_bodies[..., 1:] & spine.real_bodies[..., :-1]
    lengths = torch.stack([spine.widths, spine.heights]).log()
    return (lengths[..., 1:] - lengths[..., :-1]).abs()[:, both].flatten()
