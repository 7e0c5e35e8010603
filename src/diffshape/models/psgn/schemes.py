"""Training schemes of PSGN: the loss of a batch of images and true points.

    deterministic   mean_b d(G(I_b), S_b)
    min_of_n        mean_b min_j d(G(I_b, r_j), S_b),   j = 1..n,   r_j ~ N(0, I), another one for each image
    vae             mean_b d(G(I_b, z), S_b) + weight KL(Q(z | S_b, I_b) || N(0, I)),   z ~ Q

With min_of_n an image is encoded once, its n answers are made without gradients, the best of them is found by some of
their points, and made again with gradients: memory does not depend on n. With a relaxation, where every answer has a
gradient, each is made again in the backward pass, to the same end.
Source: Fan, Su, Guibas, CVPR 2017, section 3.3; the conditional VAE: Sohn, Lee, Yan, NeurIPS 2015.
"""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from diffshape.losses import LossTerms, chamfer_per_point, earth_mover_distance, min_of_n
from diffshape.models.divergence import normal_divergence
from diffshape.models.psgn.config import PSGNConfig, Scheme
from diffshape.models.psgn.model import PSGN, ImageFeatures, random_vectors

_JUDGED = 128
"""Points of each answer, and of the truth, by which the best answer is found: few are enough to tell them apart."""
Loss = Callable[[PSGN, Tensor, Tensor, torch.Generator], LossTerms]
"""Function of the model, images (B, 1, H, W), true points (B, N, 3) and the source of random vectors."""


def deterministic(model: PSGN, images: Tensor, targets: Tensor, generator: torch.Generator) -> LossTerms:
    """mean_b d(G(I_b), S_b)."""
    distance = _distances(model, model.encode(images), random_vectors(model.config, images, generator), targets).mean()
    return LossTerms(distance, {"distance": distance})


def best_of_candidates(model: PSGN, images: Tensor, targets: Tensor, generator: torch.Generator) -> LossTerms:
    """mean_b min_j d(G(I_b, r_j), S_b), with the share of ``config.relaxation`` for the answers that are not best."""
    noise = torch.stack([random_vectors(model.config, images, generator) for _ in range(model.config.tries)])
    features = model.encode(images)
    if model.config.shared and len(noise) > 1:
        distances = torch.stack(
            [checkpoint(_distances, model, features, each, targets, use_reentrant=False) for each in noise]
        )
        total = min_of_n(distances, relaxation=model.config.shared)
    else:
        rows = torch.randperm(model.config.network.count, generator=generator)[:_JUDGED].to(targets.device)
        with torch.no_grad():
            answers = (model.decode(features, each)[:, rows] for each in noise)
            distances = torch.stack([distances_to(model.config, each, targets[:, :_JUDGED]) for each in answers])
        best = noise[distances.argmin(0), torch.arange(len(images), device=noise.device)]
        total = _distances(model, features, best, targets).mean()
    return LossTerms(total, {"best": distances.amin(0).mean(), "mean": distances.mean()})


def variational(model: PSGN, images: Tensor, targets: Tensor, generator: torch.Generator) -> LossTerms:
    """mean_b d(G(I_b, z), S_b) + weight KL, with one z ~ Q(z | S_b, I_b) for each image."""
    assert model.posterior is not None
    features = model.encode(images)
    mean, log_variance = model.posterior(targets, features.code.flatten(1))
    noise = mean + (log_variance / 2).exp() * random_vectors(model.config, images, generator)
    distance = _distances(model, features, noise, targets).mean()
    divergence = normal_divergence(mean, log_variance).sum(1).mean()
    total = distance + model.config.divergence_weight * divergence
    return LossTerms(total, {"distance": distance, "divergence": divergence})


SCHEMES: Mapping[Scheme, Loss] = {
    "deterministic": deterministic,
    "min_of_n": best_of_candidates,
    "vae": variational,
}
"""Losses by the name that the config has for their scheme."""


def distances_to(config: PSGNConfig, points: Tensor, targets: Tensor) -> Float[Tensor, "b"]:
    """The distance that the config names, of clouds (B, M, 3) from true ones (B, N, 3)."""
    if config.loss == "earth_mover":
        return earth_mover_distance(points, targets, solver="auction", reduction="none")
    there, back, *_ = chamfer_per_point(points, targets)
    share = 0.5 if config.loss == "weighted_chamfer" else 1.0
    return share * there.mean(1) + back.mean(1)


def _distances(model: PSGN, features: ImageFeatures, noise: Tensor, targets: Tensor) -> Float[Tensor, "b"]:
    return distances_to(model.config, model.decode(features, noise), targets)
