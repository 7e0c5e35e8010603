"""Training of an autoencoder, and its error on samples that it has not seen."""

from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor

from diffshape._arguments import check, checked
from diffshape._bounds import check_seed, check_whole
from diffshape.data.arrays import host_array
from diffshape.losses import LossTerms
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.ops.eval_mode import eval_mode
from diffshape.training.parallel import own_part
from diffshape.training.task import ExampleTask


class Reconstruction(ExampleTask):
    """A task for ``training.train``: the loss of the model on batches drawn anew in each step.

    Args:
        model: Any autoencoder of this package; it is trained in place.
        samples: (S, ...) of the kind the model reads, NumPy or torch; kept on the model's device.
        batch: Samples a step, drawn without repetition; all of them if there are fewer.
        seed: Seed of the draws, whose state a checkpoint keeps.
    """

    @checked
    def __init__(self, model: Autoencoder, samples: Any, *, batch: int = 16, seed: int = 0) -> None:
        check_whole("Reconstruction: batch", batch, 1)
        check_seed("Reconstruction: seed", seed)
        self.model = model.train()
        self.samples = _on_device_of(model, samples)
        super().__init__(self.samples, seed=seed)
        self.batch = batch
        self.modules = {"model": model}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The loss on one batch."""
        chosen = torch.randperm(len(self.samples), generator=self.generator)[: self.batch]
        batch = own_part(self.samples[chosen.to(self.samples.device)])
        return self.model.loss(self.model(batch), batch)


@torch.no_grad()
@checked
def reconstruction_error(model: Autoencoder, samples: Any, *, batch: int = 64) -> float:
    """Mean loss of the model on samples, without dropout; the model is left in the mode it was in.

    >>> from diffshape import data, models
    >>> shapes = data.shape_family("torus", 3)
    >>> model = models.build_model(models.MeshConfig(network=models.MeshNetwork(template="torus", subdivisions=1)))
    >>> round(reconstruction_error(model, shapes.meshes(1)[0]), 3)
    0.006
    """
    check_whole("reconstruction_error: batch", batch, 1)
    samples = _on_device_of(model, samples)
    parts = samples.split(min(batch, len(samples)))
    with eval_mode(model):
        total = sum(float(model.loss(model(part), part).total) * len(part) for part in parts)
    return total / len(samples)


def _on_device_of(model: Autoencoder, samples: Any) -> Tensor:
    if not isinstance(samples, Tensor):
        array = host_array(samples, name="Reconstruction: samples")
        if array.dtype.kind not in "fiub":
            raise ValueError(f"Reconstruction: samples must be an array of numbers, got a {type(samples).__name__}")
        samples = torch.as_tensor(array)
    check("Reconstruction: samples", Shaped[Tensor, "..."], samples)
    tensor: Tensor = samples
    if not tensor.ndim or not len(tensor):
        raise ValueError("Reconstruction: samples must hold one sample or more, got none")
    return tensor.to(next(model.parameters()).device)
