"""The task of a training from images to codes: mean (E(image) - code)^2 over the numbers of the codes.

The codes are those that the autoencoder gives in evaluation mode, and it does not change. Source: Chen, Zhang, CVPR
2019, section 4.4, which found this sharper than training through the decoder.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.losses import LossTerms
from diffshape.models.imnet.images.model import ImNetFromImages
from diffshape.training import Adam, Constant, Schedule
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part


class ImageCodesTask(ModelTask[ImNetFromImages]):
    """Training of the encoder of images (S, V, H, W) towards codes (S, latent)."""

    def __init__(
        self, model: ImNetFromImages, images: Float[Tensor, "s v h w"], codes: Float[Tensor, "s l"], *, seed: int = 0
    ) -> None:
        super().__init__(images, seed=seed)
        self.model, self.images, self.codes = model, images, codes
        self.modules = {"encoder": model.encoder.train()}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a random view of some shapes."""
        shapes = torch.randperm(len(self.codes), generator=self.generator)[: self.model.config.batch]
        views = torch.randint(self.images.shape[1], (len(shapes),), generator=self.generator)
        shapes, views = own_part(shapes), own_part(views)
        images = self.images[shapes.to(self.images.device), views.to(self.images.device)]
        error = (self.model.encoder(images) - self.codes[shapes.to(self.codes.device)]).square().mean()
        return LossTerms(error, {"squared_error": error})

    def optimizer(self) -> Adam:
        """Adam with a small first moment."""
        return Adam(lr=self.model.config.lr, betas=(self.model.config.beta, 0.999))

    def schedule(self) -> Schedule:
        """The learning rate as it is."""
        return Constant()

    def trained(self) -> ImNetFromImages:
        """The model as it stands, in evaluation mode."""
        return self.model.eval()
