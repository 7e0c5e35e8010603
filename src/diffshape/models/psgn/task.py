"""The task of a PSGN training: images of random shapes and views, and points drawn from those of each shape."""

import torch

from diffshape.losses import LossTerms
from diffshape.models.psgn.model import PSGN
from diffshape.models.psgn.schemes import SCHEMES
from diffshape.models.psgn.views import Views
from diffshape.training import Adam, Schedule, WarmupCosine
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part


class PSGNTask(ModelTask[PSGN]):
    """Training of a model on the images and points of a set of shapes, by the scheme of its config."""

    def __init__(self, model: PSGN, views: Views, *, seed: int = 0) -> None:
        super().__init__(views.images, views.points, seed=seed)
        self.model, self.views = model.train(), views
        self.modules = {"network": model}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The loss of the scheme on a batch."""
        config, (count, views) = self.model.config, self.views.images.shape[:2]
        total = self.views.points.shape[1]
        drawn = (
            torch.randint(count, (config.batch,), generator=self.generator),
            torch.randint(views, (config.batch,), generator=self.generator),
            torch.rand(config.batch, total, generator=self.generator).topk(config.target_points).indices,
        )
        images, targets = self.views.of(*(own_part(part).to(self.views.points.device) for part in drawn))
        return SCHEMES[config.scheme](self.model, images, targets, self.generator)

    def optimizer(self) -> Adam:
        """Adam."""
        return Adam(lr=self.model.config.lr)

    def schedule(self) -> Schedule:
        """The learning rate rises over a fortieth of the budget and falls to 0 along a cosine."""
        return WarmupCosine()

    def trained(self) -> PSGN:
        """The model as it stands."""
        return self.model.eval()
