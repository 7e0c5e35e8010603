"""The task of a landmark training: images that fit into memory, drawn at random and changed a little each time."""

from collections.abc import Mapping

import torch

from diffshape.data import LandmarkImages
from diffshape.losses import LossTerms
from diffshape.models.landmarks.augmentation import augmented
from diffshape.models.landmarks.config import LandmarkTraining
from diffshape.models.landmarks.detector import LandmarkDetector
from diffshape.ops import resize_landmarks
from diffshape.training import Adam, Schedule, WarmupCosine
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part

WARMUP = 0.1
"""Share of the budget over which the learning rate rises."""


class LandmarkTask(ModelTask[LandmarkDetector]):
    """Training of a detector on images."""

    def __init__(
        self, detector: LandmarkDetector, data: LandmarkImages, training: LandmarkTraining, *, seed: int = 0
    ) -> None:
        super().__init__(data.images, data.landmarks.where(data.mask[..., None], 0), seed=seed)
        self.detector, self.data, self.training = detector.train(), data, training
        self.modules = {"network": detector.network}
        if any(True for _ in detector.objective.parameters()):
            self.modules["objective"] = detector.objective  # learnt weights
        self.device = next(detector.network.parameters()).device
        self.clip = training.clip

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a batch."""
        rows = torch.randint(len(self.data), (self.training.batch,), generator=self.generator)
        batch = (self.data.images[rows], self.data.landmarks[rows], self.data.mask[rows])
        changed = augmented(*batch, self.training, self.generator)
        images, landmarks, mask = (own_part(part).to(self.device) for part in changed)
        output = self.detector(images)
        return self.detector.objective(
            output.heatmaps,
            resize_landmarks(landmarks, 1 / self.detector.stride),
            log_variance=output.log_variance,
            mask=mask,
            progress=progress,
        )

    def optimizer(self) -> Mapping[str, Adam]:
        """Adam, with weight decay for the network but not for learnt weights of the objective."""
        adam = {
            "network": Adam(lr=self.training.lr, weight_decay=self.training.weight_decay),
            "objective": Adam(lr=self.training.lr),
        }
        return {name: adam[name] for name in self.modules}

    def schedule(self) -> Schedule:
        """The learning rate rises over a tenth of the budget and falls to 0 along a cosine."""
        return WarmupCosine(warmup=WARMUP)

    def trained(self) -> LandmarkDetector:
        """The detector as it stands."""
        return self.detector.eval()
