"""A trained vector-set autoencoder: surface points to a set of vectors, and points in space with it to occupancies."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._config import from_plain
from diffshape.data import Mesh
from diffshape.data.shape_sets.cube import VOLUME_SIDE
from diffshape.models.surface_model import SurfaceModel, check_points
from diffshape.models.vecset.config import VecSetConfig
from diffshape.models.vecset.networks import FEATURES, Posterior, VecSetDecoder, VecSetEncoder, point_features
from diffshape.ops.eval_mode import eval_mode


class VecSet(SurfaceModel):
    """Encoder and decoder for a family of shapes; the surface is where the logit of the occupancy is 0.

    A code is a set of vectors in a row; their order is that in which the encoder chose points far from one another.

    >>> import torch
    >>> model = VecSet(VecSetConfig()).eval()
    >>> codes = model.encode(torch.rand(2, 100, 3) - 0.5)
    >>> codes.shape, model.occupancy_logits(torch.zeros(2, 5, 3), codes).shape
    (torch.Size([2, 2048]), torch.Size([2, 5]))
    """

    KIND: ClassVar[str] = "vecset"
    FORM: ClassVar[str] = "points"
    HALF_SIDE: ClassVar[float] = VOLUME_SIDE / 2

    config: VecSetConfig

    @checked
    def __init__(self, config: VecSetConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Linear(FEATURES, config.network.width)
        self.encoder = VecSetEncoder(config.network)
        self.decoder = VecSetDecoder(config.network)

    @property
    def latent(self) -> int:
        """Size of the codes."""
        return self.config.network.latent

    @checked
    def posterior(self, clouds: Float[Tensor, "b n 3"], generator: torch.Generator | None = None) -> Posterior:
        """Distribution of the vectors of clouds; a generator draws which points become vectors, as in training.

        Raises:
            ValueError: The clouds are not (B, N, 3), or have fewer points than there are vectors.
        """
        self._check_clouds("posterior: clouds", clouds)
        clouds = clouds.to(self.embedding.weight)
        return self.encoder(clouds, self._features(clouds), generator)

    @checked
    def encode(self, inputs: Float[Tensor, "b n 3"]) -> Float[Tensor, "b l"]:
        """Codes (B, latent) of surface points (B, N, 3), the same for any order of them; nothing is random.

        With a bottleneck they are the means.

        Raises:
            ValueError: The clouds are not (B, N, 3), have fewer points than there are vectors, or are not finite.
        """
        self._check_clouds("encode: inputs", inputs)
        return self.posterior(inputs).mean.flatten(1)

    @checked
    def occupancy_logits(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Logits (B, P) of the probability that points (B, P, 3) are inside the shapes of codes (B, latent).

        Differentiable in both.

        Raises:
            ValueError: A shape is wrong.
        """
        codes = self._codes("occupancy_logits", codes)
        check_points("VecSet.occupancy_logits", points, codes)
        vectors = codes.unflatten(1, (self.config.network.vectors, -1))
        return self.decoder(self._features(points), vectors)

    @checked
    def values(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """The logits with the opposite sign: negative inside.

        Raises:
            ValueError: A shape is wrong.
        """
        return -self.occupancy_logits(points, codes)

    @torch.no_grad()
    @checked
    def complete(self, points: Float[Tensor, "n 3"], resolution: int = 64) -> Mesh:
        """The whole surface of a shape of which points (N, 3) are known, in the coordinates of the training.

        Raises:
            ValueError: There are fewer points than vectors, one is not finite, or ``resolution`` is out of range.
        """
        self._check_clouds("complete: points", points, batch=())
        with eval_mode(self):
            code = self.encode(points[None])[0]
        return self.mesh(code, resolution)

    def _check_clouds(self, argument: str, clouds: Tensor, batch: tuple[str, ...] = ("B",)) -> None:
        """Raise a ValueError unless points are finite, (N, 3) or (B, N, 3), and as many as vectors or more."""
        least = self.config.network.vectors
        fits = clouds.ndim == 2 + len(batch) and clouds.shape[-1] == 3 and clouds.shape[-2] >= least
        if not fits or not bool(clouds.isfinite().all()):
            shape = ", ".join([*batch, "N", "3"])
            raise ValueError(
                f"VecSet.{argument} must be finite, ({shape}), N at least {least}, got {tuple(clouds.shape)}"
            )

    def _features(self, points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n w"]:
        return self.embedding(point_features(points))


def saved_vecset(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> VecSet:
    """The model of the settings and weights that ``save`` wrote."""
    model = VecSet(from_plain(VecSetConfig, settings))
    model.load_state_dict(dict(tensors))
    return model.eval()
