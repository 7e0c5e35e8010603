"""Base of the models of closed surfaces: shapes to codes, and a code and a point to a value, negative inside."""

from abc import ABC, abstractmethod
from os import PathLike
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_resolution
from diffshape._config import to_plain
from diffshape.data import Mesh, ShapeSet
from diffshape.fields.field import Field
from diffshape.models.codes import interpolated_codes
from diffshape.models.files import write_model
from diffshape.ops import isosurface
from diffshape.ops.eval_mode import eval_mode

_SHAPES = 32
"""Largest number of shapes that are encoded, or asked for their values, at once."""
_VERTICES = 2**14
"""Largest number of vertices whose normals are computed at once."""
_POINTS = 2**17
"""Largest number of points whose values are computed at once."""


class SurfaceModel(nn.Module, ABC):
    """A family of closed shapes, in the coordinates of its ``ShapeSet``, about the cube from -1/2 to 1/2.

    A subclass has ``encode`` and ``values``; meshes, fields and blends follow from these.
    """

    KIND: ClassVar[str]
    """Name of such a model in its config.yaml."""
    FORM: ClassVar[str]
    """Name of the part of a ``ShapeSet`` that it reads, where that is one for all models of the class."""
    HALF_SIDE: ClassVar[float]
    """Half the side of the cube in which it knows where a shape is."""

    config: Any

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @property
    def form(self) -> str:
        """Name of the part of a ``ShapeSet`` that it reads."""
        return self.FORM

    @property
    def threshold(self) -> float:
        """Probability from which a point counts as occupied."""
        return 0.5

    @property
    @abstractmethod
    def latent(self) -> int:
        """Size of the codes."""

    @abstractmethod
    def encode(self, inputs: Tensor) -> Float[Tensor, "b l"]:
        """Codes (B, latent) of shapes, differentiable."""

    @abstractmethod
    def values(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Values at points (B, P, 3) of the shapes of codes (B, latent): negative inside, differentiable in both."""

    @checked
    def codes_of(self, shapes: ShapeSet) -> Float[Tensor, "s l"]:
        """Codes (S, latent) of the shapes of a set, without gradients, in evaluation mode.

        Raises:
            ValueError: There is no shape, or the shapes are not known in the form that the model reads.
        """
        return self._encoded(shapes.require(self.form, by=f"{type(self).__name__}.codes_of")[0])

    @torch.no_grad()
    @checked
    def occupied(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Bool[Tensor, "b p"]:
        """Whether points (B, P, 3) are inside the shapes of codes (B, latent), in evaluation mode.

        Raises:
            ValueError: A shape is wrong.
        """
        codes = self._codes("occupied", codes)
        check_points(f"{type(self).__name__}.occupied", points, codes)
        most = max(1, _POINTS // max(1, points.shape[1]))
        with eval_mode(self):
            parts = [self.values(*part) < 0 for part in zip(points.to(codes).split(most), codes.split(most))]
        return torch.cat(parts) if parts else points.new_zeros(points.shape[:2], dtype=torch.bool)

    @checked
    def field_of(self, code: Float[Tensor, "l"]) -> Field:
        """The shape of one code (latent,) as a field: negative inside, 0 on the surface, no distance.

        It shares the weights of the model, and its mode.

        Raises:
            ValueError: The shape of ``code`` is wrong.
        """
        return self._field("field_of", code)

    @checked
    def mesh(self, code: Float[Tensor, "l"], resolution: int = 64) -> Mesh:
        """The surface of a code as a closed mesh, normals outward; (0, 3) and (0, 3) if it has none.

        Args:
            code: (latent,).
            resolution: Grid nodes along the side of the cube. Up to 64 all of them are asked for; of more, those near
                the surface, which a lattice of 45 to 90 nodes a side finds: what is thinner than its spacing may be
                missed.

        Returns:
            A ``Mesh`` with the attribute "normals", (V, 3): directions in which the value grows fastest.

        Raises:
            ValueError: The shape of ``code`` is wrong, or ``resolution`` out of range.
        """
        check_resolution(f"{type(self).__name__}.mesh: resolution", resolution)
        field, bounds = self._field("mesh", code), (-self.HALF_SIDE, self.HALF_SIDE)
        with eval_mode(self), torch.no_grad():
            vertices, faces = isosurface(field, resolution=resolution, bounds=bounds, lipschitz=0.0, closed=True)
            parts = [field.value_and_gradient(part)[1] for part in vertices.to(field.code).split(_VERTICES)]
        normals = nn.functional.normalize(torch.cat([vertices[:0], *parts]), dim=-1)
        return Mesh(vertices.cpu().numpy(), faces.cpu().numpy(), attributes={"normals": normals.cpu().numpy()})

    @checked
    def decode_codes(self, codes: Float[Tensor, "b l"], resolution: int = 64) -> list[Mesh]:
        """The meshes of codes (B, latent), as ``mesh`` makes them.

        Raises:
            ValueError: The shape of ``codes`` is wrong, or ``resolution`` out of range.
        """
        return [self.mesh(code, resolution) for code in self._codes("decode_codes", codes)]

    @checked
    def interpolate(self, first: Float[Tensor, "l"], last: Float[Tensor, "l"], count: int) -> Float[Tensor, "n l"]:
        """``count`` codes at equal steps on the line from one code (latent,) to another, both ends included.

        Raises:
            ValueError: The codes are not of shape (latent,), or ``count`` is below 2.
        """
        return interpolated_codes(f"{type(self).__name__}.interpolate", first, last, count, self.latent)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        write_model(folder, self.KIND, to_plain(self.config), self.state_dict())

    def __repr__(self) -> str:
        count = sum(parameter.numel() for parameter in self.parameters())
        return f"{type(self).__name__}({self.form} to codes of {self.latent}, {count:,} parameters)"

    @torch.no_grad()
    def _encoded(self, inputs: Tensor) -> Float[Tensor, "s l"]:
        """Codes of any number of shapes, in evaluation mode."""
        device = next(self.parameters()).device
        with eval_mode(self):
            return torch.cat([self.encode(part.to(device)) for part in inputs.split(_SHAPES)])

    def _codes(self, method: str, codes: Tensor) -> Float[Tensor, "b l"]:
        """Codes (B, latent) in the dtype and on the device of the model.

        Raises:
            ValueError: They are of another shape.
        """
        if codes.ndim != 2 or codes.shape[1] != self.latent:
            raise ValueError(
                f"{type(self).__name__}.{method}: codes must have shape (B, {self.latent}), got {tuple(codes.shape)}"
            )
        return codes.to(next(self.parameters()))

    def _field(self, method: str, code: Tensor) -> "_ShapeField":
        """The shape of one code.

        Raises:
            ValueError: The code is of another shape than (latent,).
        """
        if code.shape != (self.latent,):
            raise ValueError(
                f"{type(self).__name__}.{method}: code must have shape ({self.latent},), got {tuple(code.shape)}"
            )
        return _ShapeField(self, code.to(next(self.parameters())))


def check_points(name: str, points: Tensor, codes: Tensor) -> None:
    """Points are (B, P, 3), as many shapes as codes.

    Raises:
        ValueError: They are not.
    """
    if points.ndim != 3 or points.shape[-1] != 3 or len(points) != len(codes):
        raise ValueError(f"{name}: points must have shape ({len(codes)}, P, 3), got {tuple(points.shape)}")


class _ShapeField(Field):
    """One shape of a model."""

    code: Tensor

    def __init__(self, model: SurfaceModel, code: Float[Tensor, "l"]) -> None:
        super().__init__()
        self.model = model
        self.box = (-model.HALF_SIDE, model.HALF_SIDE)
        self.register_buffer("code", code)

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        return self.model.values(points[None], self.code[None])[0]
