"""Images with landmarks, the input of trainings and scores of landmark networks."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import check
from diffshape._reprs import one_line
from diffshape._typed import hints_of
from diffshape.ops.landmarks.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class LandmarkImages:
    """N images of one size with K landmarks each, (x, y) with the centre of the first pixel at (0, 0).

    Attributes:
        images: Shape (N, 1, H, W), about 0 to 1.
        landmarks: Positions in pixels of these images, shape (N, K, 2); any number where masked.
        mask: True where a landmark is real, shape (N, K).
        spacing: Length of a pixel of each image in ``unit``, shape (N,).
        unit: Unit of errors: "px" or "mm".
        skeleton: Names and connections of the landmarks.
    """

    images: Float[Tensor, "n 1 h w"]
    landmarks: Float[Tensor, "n k 2"]
    mask: Bool[Tensor, "n k"]
    spacing: Float[Tensor, "n"]
    unit: str
    skeleton: Skeleton

    __repr__ = one_line

    def __post_init__(self) -> None:
        for name, hint in hints_of(type(self)).items():
            check(f"LandmarkImages: {name}", hint, getattr(self, name))
        count, landmarks = self.images.shape[0] if self.images.ndim else 0, self.skeleton.count
        for name, wanted in (
            ("images", (count, 1, *self.images.shape[-2:])),
            ("landmarks", (count, landmarks, 2)),
            ("mask", (count, landmarks)),
            ("spacing", (count,)),
        ):
            if getattr(self, name).shape != wanted:
                got = tuple(getattr(self, name).shape)
                raise ValueError(f"LandmarkImages: {name} must have shape {wanted}, got {got}")
        if self.mask.dtype != torch.bool:
            raise ValueError(f"LandmarkImages: mask must be boolean, got {self.mask.dtype}")

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Tensor | slice) -> "LandmarkImages":
        """Some of the images, by a slice or a tensor of indices."""
        return LandmarkImages(
            images=self.images[rows],
            landmarks=self.landmarks[rows],
            mask=self.mask[rows],
            spacing=self.spacing[rows],
            unit=self.unit,
            skeleton=self.skeleton,
        )
