"""The task of a vector-set training: occupancies in the volume and near the surface, from surface points.

    loss = mean BCE(f(x, z), o) + near_weight mean BCE(f(x', z), o') + kl_weight KL(q(z) | N(0, 1))

over points x in the volume and x' near the surface. The divergence, with a bottleneck only, is a mean over its numbers.
Source: Zhang, Tang, Niessner, Wonka, 3DShape2VecSet, SIGGRAPH 2023, and its released code.
"""

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from diffshape.data import ShapeSet
from diffshape.losses import LossTerms
from diffshape.models.vecset.config import VecSetConfig
from diffshape.models.vecset.model import VecSet
from diffshape.training import Adam, Schedule, WarmupCosine
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part

_VOLUME = ("volume_points", "occupancies")
_NEAR = ("near_points", "near_occupancies")


def parts_of(shapes: ShapeSet, config: VecSetConfig) -> dict[str, Tensor]:
    """The parts of a set of shapes that a training reads, by name.

    Raises:
        ValueError: There is no shape, or a part is missing.
    """
    names = ("points", *_VOLUME, *(_NEAR if config.near else ()))
    return dict(zip(names, shapes.require(*names, by="train_vecset")))


class VecSetTask(ModelTask[VecSet]):
    """Training of encoder and decoder on random points of a set of shapes."""

    def __init__(self, model: VecSet, shapes: ShapeSet, *, seed: int = 0) -> None:
        self.parts = parts_of(shapes, model.config)
        super().__init__(self.parts["points"], self.parts["volume_points"], seed=seed)
        self.model = model.train()
        self.modules = {"model": model}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on some shapes and some of their points."""
        config, generator = self.model.config, self.generator
        count = len(self.parts["points"])
        shapes = torch.randperm(count, generator=generator)[: config.batch].to(self.parts["points"].device)
        (clouds,) = self._drawn(("points",), shapes, config.points)
        posterior = self.model.posterior(own_part(clouds), generator)
        points, occupied = self._drawn(_VOLUME, shapes, config.volume)
        if config.near:
            near = self._drawn(_NEAR, shapes, config.near)
            points, occupied = (torch.cat(pair, 1) for pair in zip((points, occupied), near))
        points, occupied = own_part(points), own_part(occupied)
        logits = self.model.occupancy_logits(points, posterior.sample(generator).flatten(1))
        errors = binary_cross_entropy_with_logits(logits, occupied.to(logits), reduction="none")
        volume, total = errors[:, : config.volume].mean(), errors[:, : config.volume].mean()
        parts = {"volume": volume}
        if config.near:
            parts["near"] = errors[:, config.volume :].mean()
            total = total + config.near_weight * parts["near"]
        if config.network.bottleneck:
            parts["divergence"] = posterior.divergence()
            total = total + config.kl_weight * parts["divergence"]
        return LossTerms(total, parts)

    def optimizer(self) -> Adam:
        """Adam with decoupled weight decay."""
        return Adam(lr=self.model.config.lr, weight_decay=self.model.config.weight_decay)

    def schedule(self) -> Schedule:
        """Warm-up, then half a cosine down to 0."""
        return WarmupCosine(warmup=self.model.config.warmup)

    def trained(self) -> VecSet:
        """The model as it stands, in evaluation mode."""
        return self.model.eval()

    def _drawn(self, names: tuple[str, ...], shapes: Int[Tensor, "b"], count: int) -> list[Tensor]:
        """The same random rows of parts, (B, count, ...), with repetition."""
        rows = torch.randint(self.parts[names[0]].shape[1], (len(shapes), count), generator=self.generator)
        return [self.parts[name][shapes[:, None], rows.to(shapes.device)] for name in names]
