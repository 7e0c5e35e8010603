"""Expectation-maximisation of a Gaussian mixture, which scikit-learn does."""

import warnings
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.models.generative.mixture.latent_mixture import LatentMixture


def fit_mixture(model: LatentMixture, codes: Float[Tensor, "s c"], *, rounds: int, seed: int) -> None:
    """Find the scale and the Gaussians of a mixture by expectation-maximisation, in float64, from k-means.

    Args:
        model: Mixture to fill.
        codes: Codes to be described, shape (S, L), at least as many as Gaussians.
        rounds: Rounds at most; fewer are made once the likelihood hardly rises.
        seed: Seed of k-means.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
    except ImportError as error:
        raise ImportError("train_mixture: mixtures are found by scikit-learn; pip install scikit-learn") from error
    model.scale.measure(codes)
    samples = model.scale.standardized(codes).double().cpu().numpy()
    config = model.config
    mixture: Any = GaussianMixture(config.components, reg_covar=config.ridge, max_iter=rounds, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a budget of rounds is one
        mixture.fit(samples)
    factors = np.linalg.cholesky(mixture.covariances_)
    for buffer, values in zip((model.weights, model.means, model.factors), (mixture.weights_, mixture.means_, factors)):
        buffer.copy_(torch.from_numpy(values))
