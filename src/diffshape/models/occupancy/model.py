"""An Occupancy Network: shapes to codes, and points with a code to the probability of being inside.

The surface is where that probability is the threshold t: where the logit is ln(t / (1 - t)). Source: Mescheder et al.,
Occupancy Networks, CVPR 2019, and its released code.
"""

import math
from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_resolution, check_seed
from diffshape._config import from_plain, to_plain
from diffshape.data import Mesh, ShapeSet
from diffshape.fields.field import Field
from diffshape.models.files import write_model
from diffshape.models.occupancy.batches import inputs_of, thinned
from diffshape.models.occupancy.config import OccupancyConfig
from diffshape.models.occupancy.decoder import Decoder
from diffshape.models.occupancy.encoders import INPUT_SHAPES, encoder_of
from diffshape.ops import isosurface
from diffshape.ops.eval_mode import eval_mode

HALF_SIDE = 0.55
"""Half the side of the cube in which points are drawn and surfaces are looked for."""
_LONG = 64
"""Largest number of shapes that are encoded at once."""


class OccupancyNetwork(nn.Module):
    """Encoder and decoder for a family of shapes, in the coordinates of its ``ShapeSet``, about [-1/2, 1/2]^3.

    Attributes:
        config: Config that it was made with.
        threshold: Probability from which a point counts as occupied, a number in a tensor; ``train_occupancy`` chooses
            it on shapes that are kept out of the training.

    >>> model = OccupancyNetwork(OccupancyConfig(width=16, code=8, encoder_width=8))
    >>> codes = model.encode(torch.rand(2, 100, 3) - 0.5)
    >>> codes.shape, model.occupancy_logits(torch.zeros(2, 5, 3), codes).shape
    (torch.Size([2, 8]), torch.Size([2, 5]))
    """

    KIND: ClassVar[str] = "occupancy"
    """Name of such a model in its config.yaml."""

    threshold: Tensor

    @checked
    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = encoder_of(config), Decoder(config)
        self.register_buffer("threshold", torch.tensor(0.5))

    @property
    def is_variational(self) -> bool:
        """Whether codes are random, with a standard normal prior, so that new shapes can be sampled."""
        return self.config.input == "occupancies"

    @checked
    def encode(self, inputs: Float[Tensor, "b *inputs"]) -> Float[Tensor, "b c"]:
        """Codes (B, code) of B shapes; of a variational model, the means of their codes.

        Args:
            inputs: What ``config.input`` says: surface points (B, N, 3), voxels (B, R, R, R), images (B, H, W), or
                points in space with their occupancy as a fourth number (B, K, 4).

        Raises:
            ValueError: The shape of ``inputs`` is another one.
        """
        codes = self.encoder(self._read(inputs))
        return codes[0] if self.is_variational else codes

    @checked
    def occupancy_logits(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p"]:
        """Logits (B, P) of the probability that points (B, P, 3) are inside the shapes of codes (B, code).

        Differentiable in both. After ``eval()`` each depends on its own point and code only.

        Raises:
            ValueError: A shape is wrong.
        """
        self._check_codes("occupancy_logits: codes", codes)
        if points.ndim != 3 or points.shape[-1] != 3 or len(points) != len(codes):
            raise ValueError(
                f"OccupancyNetwork.occupancy_logits: points must have shape ({len(codes)}, P, 3), "
                f"got {tuple(points.shape)}"
            )
        return self.decoder(points, codes)

    @torch.no_grad()
    @checked
    def occupied(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b c"]) -> Bool[Tensor, "b p"]:
        """Whether points (B, P, 3) are inside the shapes of codes (B, code): whether the threshold is reached.

        Raises:
            ValueError: A shape is wrong.
        """
        with eval_mode(self):
            return self.occupancy_logits(points, codes) >= self.level

    @property
    def level(self) -> float:
        """Logit at the surface, ln(t / (1 - t)) with t the threshold."""
        return math.log(self.threshold.item() / (1 - self.threshold.item()))

    @checked
    def field_of(self, code: Float[Tensor, "c"]) -> "OccupancyField":
        """The shape of one code (code,) as a field, level - logit: 0 on the surface, positive outside, no distance.

        Raises:
            ValueError: The shape of ``code`` is wrong.
        """
        self._check_code("field_of: code", code)
        return OccupancyField(self.decoder, code, self.level)

    @checked
    def mesh(self, code: Float[Tensor, "c"], resolution: int = 64) -> Mesh:
        """Surface of a code as a closed mesh within the cube of side 1.1; (0, 3) and (0, 3) if it has none.

        Args:
            code: (code,).
            resolution: Grid nodes along a side. Up to 64 all are asked for; of more, first those of a grid of about
                32 cells, then those about the surface that is seen there.

        Returns:
            A ``Mesh`` with attribute "normals", (V, 3): the direction in which the logit falls.

        Raises:
            ValueError: The shape of ``code`` is wrong or ``resolution`` out of range.

        Source: multi-resolution isosurface extraction of Occupancy Networks, there without the parts of a surface that
        leave the coarse cells whose corners differ.
        """
        check_resolution("OccupancyNetwork.mesh: resolution", resolution)
        field, bounds = self.field_of(code), (-HALF_SIDE, HALF_SIDE)
        with eval_mode(field):
            vertices, faces = isosurface(field, resolution=resolution, bounds=bounds, lipschitz=0.0, closed=True)
            normals = field.outward(vertices)
        return Mesh(vertices.cpu().numpy(), faces.cpu().numpy(), attributes={"normals": normals.cpu().numpy()})

    @torch.no_grad()
    @checked
    def codes_of(self, shapes: ShapeSet) -> Float[Tensor, "s c"]:
        """Codes (S, code) of the shapes of a set, without anything random.

        Raises:
            ValueError: The set has no shape, or not what the encoder reads.
        """
        inputs = inputs_of(shapes, self.config, by="OccupancyNetwork.codes_of").to(self.decoder.last.weight)
        with eval_mode(self):
            return torch.cat([self.encode(part) for part in inputs.split(_LONG)])

    @checked
    def decode_codes(self, codes: Float[Tensor, "b c"], resolution: int = 64) -> list[Mesh]:
        """The meshes of codes (B, code), as ``mesh`` makes them.

        Raises:
            ValueError: The shape of ``codes`` is wrong or ``resolution`` out of range.
        """
        self._check_codes("decode_codes: codes", codes)
        return [self.mesh(code, resolution) for code in codes]

    @torch.no_grad()
    @checked
    def complete(self, points: Float[Tensor, "n 3"], resolution: int = 64) -> Mesh:
        """The whole surface of a shape of which points (N, 3) are known, in the coordinates of the training.

        More points than the encoder was trained on are thinned to that number, evenly from the first to the last.

        Raises:
            ValueError: The model does not read points, there is no point, or one is not finite.
        """
        if self.config.input != "points":
            raise ValueError(f"OccupancyNetwork.complete: the model must read points, but it reads {self.config.input}")
        if points.ndim != 2 or not len(points) or not bool(points.isfinite().all()):
            raise ValueError(
                f"OccupancyNetwork.complete: points must be finite, of shape (N, 3), N >= 1, got {tuple(points.shape)}"
            )
        with eval_mode(self):
            code = self.encode(thinned(points[None], self.config.inputs).to(self.decoder.last.weight))[0]
        return self.mesh(code, resolution)

    @checked
    def interpolate(self, first: Float[Tensor, "c"], last: Float[Tensor, "c"], count: int) -> Float[Tensor, "n c"]:
        """``count`` codes at equal steps on the line from one code to another, both ends included.

        Raises:
            ValueError: The codes are not of one shape (code,), or ``count`` is below 2.
        """
        check_fits("OccupancyNetwork.interpolate: count", count, 4 * self.config.code, 2)
        self._check_code("interpolate: first", first)
        self._check_code("interpolate: last", last)
        return torch.lerp(first, last, torch.linspace(0, 1, count).to(first)[:, None])

    @checked
    def sample(self, count: int, *, seed: int = 0, resolution: int = 64) -> list[Mesh]:
        """New shapes, as meshes: decoded from codes of the standard normal prior.

        Raises:
            ValueError: The codes of the model are not random, or a number is out of range.
        """
        check_fits("OccupancyNetwork.sample: count", count, 4 * self.config.code)
        check_seed("OccupancyNetwork.sample: seed", seed)
        if not self.is_variational:
            raise ValueError(
                "OccupancyNetwork.sample: the model must be trained with input='occupancies', which makes its codes "
                f"random; it reads {self.config.input}"
            )
        codes = torch.randn(count, self.config.code, generator=torch.Generator().manual_seed(seed))
        return self.decode_codes(codes.to(self.decoder.last.weight), resolution)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        write_model(folder, self.KIND, to_plain(self.config), self.state_dict())

    def __repr__(self) -> str:
        count = sum(parameter.numel() for parameter in self.parameters())
        return f"OccupancyNetwork({self.config.input} to codes of {self.config.code}, {count:,} parameters)"

    def _read(self, inputs: Tensor) -> Tensor:
        wanted = INPUT_SHAPES[self.config.input]
        rows = {"points": 3, "occupancies": 4}.get(self.config.input)
        right = inputs.ndim == wanted.count(",") + 1 and inputs.numel() and rows in (None, inputs.shape[-1])
        if not right:
            raise ValueError(f"OccupancyNetwork.encode: inputs must have shape {wanted}, got {tuple(inputs.shape)}")
        return inputs

    def _check_code(self, argument: str, code: Tensor) -> None:
        if code.shape != (self.config.code,):
            raise ValueError(
                f"OccupancyNetwork.{argument} must have shape ({self.config.code},), got {tuple(code.shape)}"
            )

    def _check_codes(self, argument: str, codes: Tensor) -> None:
        if codes.ndim != 2 or codes.shape[1] != self.config.code:
            raise ValueError(
                f"OccupancyNetwork.{argument} must have shape (B, {self.config.code}), got {tuple(codes.shape)}"
            )


class OccupancyField(Field):
    """One shape of an ``OccupancyNetwork``, made by ``field_of``: level - logit, so positive outside.

    It shares the decoder, and its training mode.
    """

    box = (-HALF_SIDE, HALF_SIDE)
    code: Tensor

    @checked
    def __init__(self, decoder: nn.Module, code: Float[Tensor, "c"], level: float) -> None:
        super().__init__()
        self.decoder, self.level = decoder, level
        self.register_buffer("code", code)

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        return self.level - self.decoder(points[None], self.code[None])[0]

    @torch.no_grad()
    def outward(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """Unit gradients at (N, 3) points; zero where there is none."""
        points = points.to(self.code)
        parts = [self.value_and_gradient(part)[1] for part in points.split(2**15)]
        return nn.functional.normalize(torch.cat([points[:0], *parts]), dim=-1)


def saved_occupancy(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> OccupancyNetwork:
    """The model of the settings and weights that ``save`` wrote."""
    model = OccupancyNetwork(from_plain(OccupancyConfig, settings))
    model.load_state_dict(dict(tensors))
    return model.eval()
