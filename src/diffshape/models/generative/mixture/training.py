"""Fit of a Gaussian mixture to codes, as a training that is finished when it begins."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.generative.codes_to_learn import CodedShapes, codes_to_learn
from diffshape.models.generative.mixture.config import ROUNDS, MixtureConfig
from diffshape.models.generative.mixture.fit import fit_mixture
from diffshape.models.generative.mixture.latent_mixture import LatentMixture
from diffshape.models.generative.mixture.settings import MixtureSettings
from diffshape.models.generative.trained_autoencoder import coded_shapes
from diffshape.training import Adam, Constant, Schedule
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import TaskMaker
from diffshape.training.models.task import ModelTask


@checked
def train_mixture(
    autoencoder: nn.Module,
    shapes: ShapeSet,
    config: MixtureConfig | None = None,
    *,
    steps: int | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
) -> TrainingResult[LatentMixture]:
    """Fit a Gaussian mixture with full covariances to the codes of shapes, by expectation-maximisation.

    p(z) = sum_k w_k N(z; mu_k, Sigma_k), Sigma_k with ``config.ridge`` on its diagonal, of codes z brought to mean 0
    and standard deviation 1. It takes seconds, and needs scikit-learn, as reading one from a file does not.

    Args:
        autoencoder: A trained model with ``codes_of``, ``decode_codes`` and ``save``. It is not changed: the generator
            keeps a frozen copy.
        shapes: Shapes whose codes are learnt, in the form that the autoencoder reads.
        config: Number and smoothness of the Gaussians; ``MixtureConfig()`` if not given, ``PUBLISHED_MIXTURE`` as
            published.
        steps: Rounds of expectation-maximisation at most; fewer are made once the likelihood hardly rises. 200 if not
            given.
        device: Where the model is to be: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of k-means, which the Gaussians begin from.
        folder: Keep the settings and the model here; ``models.load`` reads the model.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``LatentMixture``. It counts no optimiser step.

    Raises:
        ImportError: scikit-learn is not installed.
        TypeError: ``autoencoder`` has no codes.
        ValueError: There are fewer shapes than Gaussians, shapes do not suit the autoencoder, the folder already holds
            a run, or the device is not here.

    Source: Achlioptas, Diamanti, Mitliagkas, Guibas, ICML 2018, whose best generator it is.

    >>> from diffshape.data import ShapeSet
    >>> from diffshape.models import MixtureConfig, PointNetConfig, PointNetNetwork, build_model
    >>> shapes = ShapeSet(names=("a", "b", "c"), points=torch.rand(3, 100, 3) - 0.5)
    >>> autoencoder = build_model(PointNetConfig(network=PointNetNetwork(points=50, latent=8)))
    >>> train_mixture(autoencoder, shapes, MixtureConfig(components=1)).model.sample(4, seed=1).shape
    torch.Size([4, 50, 3])
    """
    return begin_training(
        "train_mixture",
        MIXTURE_TRAINING,
        lambda: CodedShapes(autoencoder, shapes),
        usual=ROUNDS,
        steps=steps,
        seconds=None,
        seed=seed,
        device=device,
        folder=folder,
        progress=False,
        observers=(),
        config=config or MixtureConfig(),
    )


class MixtureTask(ModelTask[LatentMixture]):
    """A fitted mixture; nothing is left to learn."""

    def __init__(self, model: LatentMixture) -> None:
        self.model, self.modules = model, {"mixture": model}

    @property
    def finished(self) -> bool:
        """True: the mixture is fitted."""
        return True

    def optimizer(self) -> Adam:
        """Adam, which makes no step."""
        return Adam()

    def schedule(self) -> Schedule:
        """The learning rate as it is."""
        return Constant()

    def trained(self) -> LatentMixture:
        """The model, in evaluation mode."""
        return self.model.eval()


def prepared(settings: MixtureSettings, examples: Any) -> TaskMaker[LatentMixture]:
    """The function that makes the finished task of a fit, on a device; the codes are found here.

    Raises:
        TypeError, ValueError: As ``codes_to_learn``; or there are fewer shapes than Gaussians.
    """
    autoencoder, codes = codes_to_learn("train_mixture", examples)
    if len(codes) < settings.config.components:
        raise ValueError(
            f"train_mixture: config: components must be at most the number of shapes, {len(codes)}, "
            f"got {settings.config.components}"
        )
    return partial(_new_task, settings, autoencoder, codes)


def _new_task(
    settings: MixtureSettings, autoencoder: nn.Module, codes: Float[Tensor, "s c"], device: torch.device
) -> MixtureTask:
    model = LatentMixture(autoencoder, settings.config, codes.shape[1]).to(device)
    fit_mixture(model, codes.to(device), rounds=settings.steps or ROUNDS, seed=settings.seed)
    return MixtureTask(model)


MIXTURE_TRAINING = TrainingKind(MixtureSettings, coded_shapes, prepared)
"""The row of the table of trainings."""
