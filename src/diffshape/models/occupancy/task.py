"""The task of training an Occupancy Network: the cross-entropy of occupancies, summed over the points of a shape.

    loss = mean over shapes of [ sum_k BCE(f(p_k, z), o_k) + kl_weight KL(N(mean, deviation^2) | N(0, 1)) ]

with the divergence, summed over the code, only where codes are random. Source: Mescheder et al., Occupancy Networks,
CVPR 2019, equation 3, and its code, which sums where many take means: with fewer points the divergence weighs more.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from diffshape.data import ShapeSet
from diffshape.losses import LossTerms
from diffshape.models.divergence import normal_divergence
from diffshape.models.occupancy.batches import ShapeBatches, SpacePoints
from diffshape.models.occupancy.model import OccupancyNetwork
from diffshape.models.occupancy.threshold import best_threshold
from diffshape.training import Adam, Schedule, WarmupCosine
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import normal_like, own_part

_WARM_UP = 0.02
"""Share of the budget over which the learning rate grows from 0."""


class OccupancyTask(ModelTask[OccupancyNetwork]):
    """Training of a network on a set of shapes, of which it keeps some to choose the threshold on."""

    def __init__(self, model: OccupancyNetwork, shapes: ShapeSet, *, seed: int = 0) -> None:
        self.model = model.train()
        self.modules = {"network": model}
        learn, self.kept = kept_out(shapes, model.config.validation, seed=seed)
        self.batches, self.count = ShapeBatches(learn, model.config), len(learn)
        super().__init__(*learn.require("occupancies", by="train_occupancy"), seed=seed)

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a batch of shapes."""
        model, config = self.model, self.model.config
        device = model.chosen_threshold.device
        shapes = torch.randperm(self.count, generator=self.generator)[: config.batch].to(device)
        space = self.batches.space(shapes, self.generator)
        inputs = own_part(self.batches.inputs(shapes, space, self.generator))
        space = SpacePoints(*map(own_part, space))
        if not model.is_variational:
            entropy = occupancy_entropy(model.decoder(space.points, model.encoder(inputs)), space.occupied)
            return LossTerms(entropy, {"entropy": entropy})
        mean, log_deviation = model.encoder(inputs)
        noise = normal_like(mean, self.generator)
        codes = mean + log_deviation.exp() * noise
        entropy = occupancy_entropy(model.decoder(space.points, codes), space.occupied)
        divergence = normal_divergence(mean, 2 * log_deviation).sum(1).mean()
        return LossTerms(entropy + config.kl_weight * divergence, {"entropy": entropy, "divergence": divergence})

    def optimizer(self) -> Adam:
        """Adam."""
        return Adam(lr=self.model.config.lr)

    def schedule(self) -> Schedule:
        """A short rise, then half a cosine down."""
        last = self.model.config.last_lr
        return WarmupCosine(warmup=_WARM_UP if last < 1 else 0.0, final=last)

    def trained(self) -> OccupancyNetwork:
        """The model as it stands, with the threshold that is best on the shapes that were kept out."""
        model = self.model.eval()
        if len(self.kept):
            (occupied,) = self.kept.require("occupancies", by="train_occupancy")
            model.chosen_threshold.fill_(best_threshold(volume_logits(model, self.kept), occupied))
        return model


def kept_out(shapes: ShapeSet, share: float, *, seed: int) -> tuple[ShapeSet, ShapeSet]:
    """Shapes to learn from, and the share that is kept out of the training; none if it is less than one shape."""
    if round(share * len(shapes)) < 1:
        return shapes, shapes[:0]
    return shapes.split(share, seed=seed)


@torch.no_grad()
def volume_logits(model: OccupancyNetwork, shapes: ShapeSet) -> Float[Tensor, "s k"]:
    """Logits at the volume points of shapes, each with the code that the model has for it."""
    (points,) = shapes.require("volume_points", by="volume_logits")
    codes = model.codes_of(shapes)
    return torch.cat([model.occupancy_logits(each[None].to(codes), code[None]) for each, code in zip(points, codes)])


def occupancy_entropy(logits: Float[Tensor, "b p"], occupied: Bool[Tensor, "b p"]) -> Float[Tensor, ""]:
    """Cross-entropy of the occupancies, summed over the points of a shape, mean over the shapes, in nats.

    >>> occupancy_entropy(torch.zeros(3, 10), torch.ones(3, 10, dtype=torch.bool))  # 10 ln 2
    tensor(6.9315)
    """
    losses = nn.functional.binary_cross_entropy_with_logits(logits, occupied.to(logits), reduction="none")
    return losses.sum(1).mean()
