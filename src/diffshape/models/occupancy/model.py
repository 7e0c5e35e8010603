"""An Occupancy Network: shapes to codes, and points with a code to the probability of being inside.

The surface is where that probability is the threshold t: where the logit is ln(t / (1 - t)). Source: Mescheder et al.,
Occupancy Networks, CVPR 2019, and its released code.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_seed
from diffshape._config import from_plain
from diffshape.data import Mesh, ShapeSet
from diffshape.data.shape_sets.cube import VOLUME_SIDE
from diffshape.models.occupancy.batches import inputs_of, thinned
from diffshape.models.occupancy.config import OccupancyConfig
from diffshape.models.occupancy.decoder import Decoder
from diffshape.models.occupancy.encoders import INPUT_SHAPES, encoder_of
from diffshape.models.surface_model import SurfaceModel, check_points
from diffshape.ops.eval_mode import eval_mode


class OccupancyNetwork(SurfaceModel):
    """Encoder and decoder for a family of shapes, in the coordinates of its ``ShapeSet``, about [-1/2, 1/2]^3.

    >>> model = OccupancyNetwork(OccupancyConfig(width=16, code=8, encoder_width=8))
    >>> codes = model.encode(torch.rand(2, 100, 3) - 0.5)
    >>> codes.shape, model.occupancy_logits(torch.zeros(2, 5, 3), codes).shape
    (torch.Size([2, 8]), torch.Size([2, 5]))
    """

    KIND: ClassVar[str] = "occupancy"
    HALF_SIDE: ClassVar[float] = VOLUME_SIDE / 2

    config: OccupancyConfig
    chosen_threshold: Tensor

    @checked
    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__(config)
        self.encoder, self.decoder = encoder_of(config), Decoder(config)
        self.register_buffer("chosen_threshold", torch.tensor(0.5))

    @property
    def form(self) -> str:
        """What it reads of a shape."""
        return self.config.input

    @property
    def latent(self) -> int:
        """Size of the codes."""
        return self.config.code

    @property
    def threshold(self) -> float:
        """Probability from which a point counts as occupied.

        ``train_occupancy`` chooses it on shapes that are kept out of the training.
        """
        return self.chosen_threshold.item()

    @property
    def level(self) -> float:
        """Logit at the surface, ln(t / (1 - t)) with t the threshold."""
        return math.log(self.threshold / (1 - self.threshold))

    @property
    def is_variational(self) -> bool:
        """Whether codes are random, with a standard normal prior, so that new shapes can be sampled."""
        return self.config.input == "occupancies"

    @checked
    def encode(self, inputs: Float[Tensor, "b *inputs"]) -> Float[Tensor, "b l"]:
        """Codes (B, code) of B shapes; of a variational model, the means of their codes.

        Args:
            inputs: What ``config.input`` says: surface points (B, N, 3), voxels (B, R, R, R), images (B, H, W), or
                points in space with their occupancy as a fourth number (B, K, 4).

        Raises:
            ValueError: The shape of ``inputs`` is another one.
        """
        wanted, numbers = INPUT_SHAPES[self.form], {"points": 3, "occupancies": 4}.get(self.form)
        right = inputs.ndim == wanted.count(",") + 1 and inputs.numel() and numbers in (None, inputs.shape[-1])
        if not right:
            raise ValueError(f"OccupancyNetwork.encode: inputs must have shape {wanted}, got {tuple(inputs.shape)}")
        codes = self.encoder(inputs.to(self.chosen_threshold))
        return codes[0] if self.is_variational else codes

    @checked
    def occupancy_logits(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Logits (B, P) of the probability that points (B, P, 3) are inside the shapes of codes (B, code).

        Differentiable in both. After ``eval()`` each depends on its own point and code only.

        Raises:
            ValueError: A shape is wrong.
        """
        codes = self._codes("occupancy_logits", codes)
        check_points("OccupancyNetwork.occupancy_logits", points, codes)
        return self.decoder(points, codes)

    @checked
    def values(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Level - logit at points (B, P, 3) of the shapes of codes (B, code): negative inside.

        Raises:
            ValueError: A shape is wrong.
        """
        return self.level - self.occupancy_logits(points, codes)

    @checked
    def codes_of(self, shapes: ShapeSet) -> Float[Tensor, "s l"]:
        """Codes (S, code) of the shapes of a set, in evaluation mode, without anything random.

        Raises:
            ValueError: The set has no shape, or not what the encoder reads.
        """
        return self._encoded(inputs_of(shapes, self.config, by="OccupancyNetwork.codes_of"))

    @torch.no_grad()
    @checked
    def complete(self, points: Float[Tensor, "n 3"], resolution: int = 64) -> Mesh:
        """The whole surface of a shape of which points (N, 3) are known, in the coordinates of the training.

        More points than the encoder was trained on are thinned to that number, evenly from the first to the last.

        Raises:
            ValueError: The model does not read points, there is no point, or one is not finite.
        """
        if self.form != "points":
            raise ValueError(f"OccupancyNetwork.complete: the model must read points, but it reads {self.form}")
        if points.ndim != 2 or not len(points) or not bool(points.isfinite().all()):
            raise ValueError(
                f"OccupancyNetwork.complete: points must be finite, of shape (N, 3), N >= 1, got {tuple(points.shape)}"
            )
        with eval_mode(self):
            code = self.encode(thinned(points[None], self.config.inputs))[0]
        return self.mesh(code, resolution)

    @checked
    def sample(self, count: int, *, seed: int = 0, resolution: int = 64) -> list[Mesh]:
        """New shapes, as meshes: decoded from codes of the standard normal prior.

        Raises:
            ValueError: The codes of the model are not random, or a number is out of range.
        """
        check_fits("OccupancyNetwork.sample: count", count, 4 * self.latent)
        check_seed("OccupancyNetwork.sample: seed", seed)
        if not self.is_variational:
            raise ValueError(
                "OccupancyNetwork.sample: the model must be trained with input='occupancies', which makes its codes "
                f"random; it reads {self.form}, and train_flow learns to draw such codes"
            )
        codes = torch.randn(count, self.latent, generator=torch.Generator().manual_seed(seed))
        return self.decode_codes(codes, resolution)


def saved_occupancy(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> OccupancyNetwork:
    """The model of the settings and weights that ``save`` wrote."""
    model = OccupancyNetwork(from_plain(OccupancyConfig, settings))
    model.load_state_dict(dict(tensors))
    return model.eval()
