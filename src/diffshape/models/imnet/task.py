"""The task of an IM-NET training: occupancies of cells, of coarse grids first and of fine ones last, in one run.

    loss = mean (f(x_ij, E(v_i)) - o_ij)^2

over cells with middles x_ij and occupancies o_ij, 0 or 1, of shapes with voxels v_i. Adam's moments pass from one
resolution to the next. Source: Chen, Zhang, CVPR 2019.
"""

from itertools import accumulate

import torch

from diffshape.data import ShapeSet
from diffshape.losses import LossTerms
from diffshape.models.imnet.cells import Cells, chosen_cells, filled, filled_shares
from diffshape.models.imnet.model import ImNet
from diffshape.training import Adam, Exponential, Schedule
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part


class ImNetTask(ModelTask[ImNet]):
    """Training of encoder and decoder on the voxels of a set of shapes; the cells are chosen here, by the seed."""

    def __init__(self, model: ImNet, shapes: ShapeSet, *, seed: int = 0) -> None:
        (voxels,) = shapes.require("voxels", by="train_imnet")
        super().__init__(voxels, seed=seed)
        config = model.config
        self.model = model.train()
        self.modules = {"encoder": model.encoder, "decoder": model.decoder}
        voxels = filled(voxels) if config.fill else voxels
        self.voxels = filled_shares(voxels, config.network.resolution).to(next(model.parameters()))
        chooser = torch.Generator().manual_seed(seed)
        sizes = zip(config.stages, config.cells)
        self.stages = [chosen_cells(voxels, *size, chooser).to(voxels.device) for size in sizes]
        self.ends = list(accumulate(config.shares))

    def stage(self, progress: float) -> Cells:
        """The cells that are learnt when a share ``progress`` of the budget is spent."""
        return self.stages[sum(end <= progress for end in self.ends[:-1])]

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on some shapes and some of their cells."""
        config = self.model.config
        shapes = torch.randperm(len(self.voxels), generator=self.generator)[: config.batch].to(self.voxels.device)
        points, occupied = self.stage(progress).draw(shapes, config.points, self.generator)
        shapes, points, occupied = (own_part(part) for part in (shapes, points, occupied))
        found = self.model.occupancies(points, self.model.encoder(self.voxels[shapes]))
        error = (found - occupied).square().mean()
        return LossTerms(error, {"squared_error": error})

    def optimizer(self) -> Adam:
        """Adam with a small first moment, for both networks."""
        return Adam(lr=self.model.config.lr, betas=(self.model.config.beta, 0.999))

    def schedule(self) -> Schedule:
        """The learning rate falls by one ratio; where ``final`` is 1 it stays."""
        return Exponential(self.model.config.final)

    def trained(self) -> ImNet:
        """The model as it stands, in evaluation mode."""
        return self.model.eval()
