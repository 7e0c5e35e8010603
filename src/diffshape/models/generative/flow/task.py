"""The task of flow matching on codes: the velocity of straight paths from noise to codes.

    loss = mean |v(x_t, t) - (x_1 - x_0)|^2,  x_t = (1 - t) x_0 + t x_1

over codes x_1 of mean 0 and standard deviation 1, noise x_0 from N(0, I) and times t from U(0, 1), the mean over the
numbers of a code too. Source: Lipman et al., Flow Matching for Generative Modeling, ICLR 2023, equation 23 with
sigma_min = 0.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.losses import LossTerms
from diffshape.models.generative.flow.latent_flow import LatentFlow, Velocity
from diffshape.training import Adam, Schedule, WarmupCosine
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part

_SCHEDULE = WarmupCosine(warmup=0.0, final=0.01)


class FlowTask(ModelTask[LatentFlow]):
    """Training of the velocity of a flow on codes (S, L), which the model's scale is measured on."""

    def __init__(self, model: LatentFlow, codes: Float[Tensor, "s c"], *, seed: int = 0) -> None:
        super().__init__(codes, seed=seed)
        model.scale.measure(codes)
        self.model, self.codes = model, model.scale.standardized(codes)
        self.modules = {"velocity": model.velocity.train()}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a batch."""
        batch = self.model.config.batch
        chosen = torch.randint(len(self.codes), (batch,), generator=self.generator)
        noise = torch.randn(batch, self.codes.shape[1], generator=self.generator).to(self.codes)
        times = torch.rand(batch, generator=self.generator).to(self.codes)
        codes = self.codes[chosen.to(self.codes.device)]
        error = flow_error(self.model.velocity, *(own_part(part) for part in (noise, codes, times)))
        return LossTerms(error, {"velocity": error})

    def optimizer(self) -> Adam:
        """Adam, with the learning rate of the config."""
        return Adam(lr=self.model.config.lr)

    def schedule(self) -> Schedule:
        """Half a cosine down to a hundredth."""
        return _SCHEDULE

    def trained(self) -> LatentFlow:
        """The model as it stands, in evaluation mode."""
        return self.model.eval()


def flow_error(
    velocity: Velocity, noise: Float[Tensor, "b c"], codes: Float[Tensor, "b c"], times: Float[Tensor, "b"]
) -> Float[Tensor, ""]:
    """mean (v((1 - t) noise + t codes, t) - (codes - noise))^2.

    >>> noise, codes, times = torch.zeros(1, 2), torch.ones(1, 2), torch.tensor([0.25])
    >>> flow_error(lambda places, times: places, noise, codes, times)  # v = 0.25, wanted 1
    tensor(0.5625)
    """
    places = torch.lerp(noise, codes, times[:, None])
    return (velocity(places, times) - (codes - noise)).square().mean()
