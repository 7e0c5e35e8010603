"""The task of an autoencoder's training: the loss of clouds against what is made of their codes."""

from jaxtyping import Float
from torch import Tensor

from diffshape.losses import LossTerms
from diffshape.models.autoencoders.point_net import PointNetModel
from diffshape.models.clouds import draw_clouds
from diffshape.training import Adam, Schedule, WarmupCosine
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part

_SCHEDULE = WarmupCosine(warmup=0.0, final=0.01)


class AutoencoderTask(ModelTask[PointNetModel]):
    """Training of a model on clouds (S, N, 3), of which each step draws some, and some points of each."""

    def __init__(self, model: PointNetModel, clouds: Float[Tensor, "s n 3"], *, seed: int = 0) -> None:
        super().__init__(clouds, seed=seed)
        self.model, self.clouds = model.train(), clouds
        self.modules = {"model": model}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The loss on a batch."""
        config = self.model.config
        clouds = own_part(draw_clouds(self.clouds, config.batch, config.network.points, self.generator))
        return self.model.loss(self.model(clouds), clouds)

    def optimizer(self) -> Adam:
        """Adam, with the learning rate of the config."""
        return Adam(lr=self.model.config.lr)

    def schedule(self) -> Schedule:
        """Half a cosine down to a hundredth."""
        return _SCHEDULE

    def trained(self) -> PointNetModel:
        """The model as it stands, in evaluation mode."""
        return self.model.eval()
