"""Every kind of model that can be saved, and the one way to load it."""

from collections.abc import Callable, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from textwrap import shorten
from typing import Any

from torch import Tensor

from diffshape._arguments import checked
from diffshape._commands import typed_as
from diffshape._sized_for import SizedFor
from diffshape.models.autoencoders.build import AUTOENCODERS, saved_autoencoder
from diffshape.models.deep_sdf.model import DeepSDF, saved_deep_sdf
from diffshape.models.files import read_model
from diffshape.models.generative.adversarial.latent_gan import LatentGAN, saved_latent_gan
from diffshape.models.generative.adversarial.raw_gan import RawGAN, saved_raw_gan
from diffshape.models.generative.flow.latent_flow import LatentFlow, saved_latent_flow
from diffshape.models.generative.latent_generator import AUTOENCODER
from diffshape.models.generative.mixture.latent_mixture import LatentMixture, saved_latent_mixture
from diffshape.models.imnet.images.model import ImNetFromImages, saved_imnet_images
from diffshape.models.imnet.model import ImNet, saved_imnet
from diffshape.models.landmarks.detector import LandmarkDetector, saved_detector
from diffshape.models.occupancy.model import OccupancyNetwork, saved_occupancy
from diffshape.models.psgn.model import PSGN, saved_psgn
from diffshape.models.vecset.model import VecSet, saved_vecset
from diffshape.training import own_randomness
from diffshape.training.run_folder import MODEL_FOLDER, RunFolder

LOADERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Tensor]], Any]] = {
    **{name: partial(saved_autoencoder, kind) for name, kind in AUTOENCODERS.items()},
    DeepSDF.KIND: saved_deep_sdf,
    ImNet.KIND: saved_imnet,
    ImNetFromImages.KIND: saved_imnet_images,
    LandmarkDetector.KIND: saved_detector,
    OccupancyNetwork.KIND: saved_occupancy,
    PSGN.KIND: saved_psgn,
    RawGAN.KIND: saved_raw_gan,
    VecSet.KIND: saved_vecset,
}
"""Functions from settings and weights to the model, by the kind that its config.yaml names."""
LATENT_LOADERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Tensor], Any], Any]] = {
    LatentGAN.KIND: saved_latent_gan,
    LatentMixture.KIND: saved_latent_mixture,
    LatentFlow.KIND: saved_latent_flow,
}
"""Functions from settings, weights and an autoencoder to a generator of its codes, by kind."""
_LONGEST = 400
"""Characters of the reason in an error."""


@checked
def load(folder: str | PathLike[str]) -> Any:
    """The model in a folder, on the CPU, ready to use, such as a ``DeepSDF`` or an ``OccupancyNetwork``.

    Args:
        folder: That of a model, as its ``save`` wrote it; or that of a finished training, as ``train_deep_sdf`` and
            others or ``diffshape train`` wrote it.

    Raises:
        ValueError: There is no model, its training is not finished, or a file is damaged, of another version, or does
            not fit the other. The folder of a fit is read by ``fitting.load``.

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.models import VoxelConfig, build_model
    >>> with TemporaryDirectory() as folder:
    ...     build_model(VoxelConfig(loss="focal", focal_gamma=5.0)).save(folder)
    ...     load(folder).config.focal_gamma
    5.0
    """
    path, kind = Path(folder), RunFolder(Path(folder)).kind or ""
    if kind == "fit":
        raise ValueError(f"load: {path} is the folder of a fit, not of a model; diffshape.fitting.load reads it")
    if kind == "train scan-prior":
        raise ValueError(f"load: {path} is the folder of a scan prior, which cleans scans and is no model of shapes")
    trained, cure = path / MODEL_FOLDER, "copy it there anew, or save it again"
    if (trained / "config.yaml").is_file():
        path = trained
    elif kind.startswith("train "):
        raise ValueError(f"load: the training in {path} is not finished; go on with it: {_way_on(kind, folder)}")
    elif not (path / "config.yaml").is_file():
        raise ValueError(f"load: no model can be read from {path}: it has no config.yaml")
    if kind.startswith("train "):
        cure = f"remove that folder and take the weights of the newest checkpoint: {_way_on(kind, folder)}"
    try:
        saved = read_model(path, [*LOADERS, *LATENT_LOADERS])
        inner = [load(path / AUTOENCODER)] if saved.kind in LATENT_LOADERS else []
        with own_randomness(), SizedFor(saved.tensors.values()):
            return {**LOADERS, **LATENT_LOADERS}[saved.kind](saved.settings, saved.tensors, *inner)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = shorten(str(error), _LONGEST, placeholder=" ...")  # PyTorch names every weight that does not fit
        raise ValueError(f"load: no model can be read from {path}: {reason}; {cure}") from error


def _way_on(kind: str, folder: str | PathLike[str]) -> str:
    """The two ways to go on with a training; only the second knows examples that were given in Python."""
    return f"{typed_as(kind, '--resume', folder)}, or diffshape.models.resume_training"
