"""The task of a DeepSDF training: one network and a code for each shape, found together (an "auto-decoder").

    loss = mean |clamp(f(z_i, x)) - clamp(s_i(x))| + code_weight min(1, progress / code_ramp) mean |z_i|

over the points of a step, clamped to +-0.1, half of them inside the shape and half outside. |z| is the norm itself, as
in the released code; the paper has its square. Source: Park et al., DeepSDF, CVPR 2019, equations 9 and 10.
"""

from collections.abc import Mapping

import torch
from torch import nn

from diffshape.losses import LossTerms, clamped_l1_loss
from diffshape.models.deep_sdf.model import DeepSDF
from diffshape.models.deep_sdf.samples import SidedPool
from diffshape.training import Adam, Halving, Schedule
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part


class DeepSDFTask(ModelTask[DeepSDF]):
    """Training of a field and the codes of the shapes of a pool.

    Dropout draws from torch's global generator, which a checkpoint keeps.
    """

    def __init__(self, model: DeepSDF, pool: SidedPool, *, seed: int = 0) -> None:
        super().__init__(pool.distances, seed=seed)
        self.model, self.pool = model, pool
        self.field = model.field.train()
        self.modules = {"decoder": self.field.decoder, "codes": nn.ParameterDict({"codes": self.field.codes})}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a batch of shapes."""
        config = self.model.config
        shapes = torch.randperm(len(self.field.codes), generator=self.generator)[: config.batch]
        shapes = shapes.to(self.pool.points.device)
        points, distances = self.pool.draw(shapes, config.points, self.generator)
        shapes, points, distances = (own_part(part) for part in (shapes, points, distances))
        codes = self.field.lookup(shapes)
        error = clamped_l1_loss(self.field.decode(points, codes), distances, limit=config.clamp)
        norm = torch.linalg.vector_norm(codes, dim=1).mean()
        ramp = min(1.0, progress / config.code_ramp) if config.code_ramp else 1.0
        return LossTerms(error + config.code_weight * ramp * norm, {"distance": error, "code_norm": norm})

    def optimizer(self) -> Mapping[str, Adam]:
        """Adam, with a learning rate for the network and one for the codes."""
        return {"decoder": Adam(lr=self.model.config.lr), "codes": Adam(lr=self.model.config.code_lr)}

    def schedule(self) -> Schedule:
        """Both learning rates are halved after each share ``halve`` of the budget."""
        return Halving(self.model.config.halve)

    def trained(self) -> DeepSDF:
        """The model as it stands."""
        self.field.eval()
        return self.model
