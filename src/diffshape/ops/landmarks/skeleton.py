"""Which landmarks make up a spine: vertebrae as quadrilaterals, top to bottom, and an end-plate below the last."""

from dataclasses import dataclass

import torch
from torch import Tensor

Quadrilateral = tuple[int, int, int, int]
Edge = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """Ordered quadrilaterals and an end edge, by the numbers of their landmarks.

    "Upper", "left" and so on are as seen in an upright image, y down.

    Attributes:
        quadrilaterals: (upper left, upper right, lower left, lower right) of each vertebra, from top to bottom.
        end_edge: (left, right) of the edge below the last of them, such as the end-plate of S1; or ``None``.
        count: Number of landmarks K, those in no quadrilateral included.

    Raises:
        ValueError: A landmark is used twice or does not exist, or there is no quadrilateral.

    >>> Skeleton.lateral().count, Skeleton.lateral().rows[-2:]
    (22, ((18, 19), (20, 21)))
    """

    quadrilaterals: tuple[Quadrilateral, ...]
    end_edge: Edge | None = None
    count: int

    def __post_init__(self) -> None:
        if not self.quadrilaterals or any(len(each) != 4 for each in self.quadrilaterals):
            raise ValueError(f"Skeleton: quadrilaterals must be 1 or more of 4 numbers, got {self.quadrilaterals}")
        used = [index for each in self.quadrilaterals for index in each] + [*(self.end_edge or ())]
        if len(set(used)) < len(used) or min(used) < 0 or max(used) >= self.count:
            raise ValueError(f"Skeleton: landmarks must be different and within 0 to {self.count - 1}, got {used}")

    @classmethod
    def anteroposterior(cls, vertebrae: int = 5) -> "Skeleton":
        """Four landmarks a vertebra, one vertebra after the other: 20 for L1 to L5."""
        quadrilaterals = tuple((i, i + 1, i + 2, i + 3) for i in range(0, 4 * vertebrae, 4))
        return cls(quadrilaterals=quadrilaterals, count=4 * vertebrae)

    @classmethod
    def lateral(cls, vertebrae: int = 5) -> "Skeleton":
        """Four landmarks a vertebra, then the two ends of the end-plate below the last, that of S1: 22 for L1 to L5."""
        upper = cls.anteroposterior(vertebrae)
        return cls(quadrilaterals=upper.quadrilaterals, end_edge=(upper.count, upper.count + 1), count=upper.count + 2)

    @property
    def rows(self) -> tuple[Edge, ...]:
        """The end-plates, (left, right), from top to bottom: two a vertebra, then the end edge."""
        plates = [edge for ul, ur, ll, lr in self.quadrilaterals for edge in ((ul, ur), (ll, lr))]
        return (*plates, *([self.end_edge] if self.end_edge else []))


def check_landmarks(function: str, landmarks: Tensor, skeleton: Skeleton, mask: Tensor | None) -> None:
    """Raise a ValueError unless landmarks (..., K, 2) and their mask (..., K) fit the skeleton."""
    if landmarks.shape[-2:] != (skeleton.count, 2) or not landmarks.is_floating_point():
        raise ValueError(
            f"{function}: landmarks must be floating point, shape (..., {skeleton.count}, 2) as the skeleton says, "
            f"got {landmarks.dtype}, {tuple(landmarks.shape)}"
        )
    if mask is not None and (mask.shape != landmarks.shape[:-1] or mask.dtype != torch.bool):
        raise ValueError(
            f"{function}: mask must be boolean, shape {tuple(landmarks.shape[:-1])} like landmarks without its last "
            f"dimension, got {mask.dtype}, {tuple(mask.shape)}"
        )
