"""The base of every neural field: a module f(x), with its gradient in x, both trainable."""

from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number
from diffshape.ops.checks import widened
from diffshape.ops.distance_grid.levels import OrientedSurface
from diffshape.ops.eval_mode import eval_mode
from diffshape.ops.level_sets.sampling_grid import CHUNK
from diffshape.ops.transforms import is_transformed

Along: TypeAlias = Literal["axes", "gradient"]
"""Directions of second derivatives: those of the three axes, whose sum is the Laplacian, or that of the gradient."""


class Field(torch.nn.Module):
    """A scalar function of points in space; a signed distance in most uses, negative inside.

    A subclass writes ``evaluate`` and, where it knows a faster way than autograd, ``evaluate_with_gradient``; both get
    points of shape (N, 3). It may also write ``plain``, if TorchScript and ONNX do not know what ``evaluate`` is made
    of, and ``fade_in``, and set ``learning_rate``, ``box`` and ``single_thread_batch``; all have defaults.

    >>> class Sphere(Field):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.radius = torch.nn.Parameter(torch.tensor(0.5))
    ...     def evaluate(self, points):
    ...         return points.norm(dim=-1) - self.radius
    >>> values, gradients = Sphere().value_and_gradient(torch.tensor([[0.0, 0.0, 2.0]]))
    >>> values.tolist(), gradients.tolist()
    ([1.5], [[0.0, 0.0, 1.0]])
    """

    learning_rate: float = 1e-3
    """Learning rate of Adam at which fields of this kind are trained unless the method has one of its own."""
    box: tuple[float, float] | None = None
    """Lowest and highest coordinate, on every axis, of the cube that the field is made for, if there is one."""

    @property
    def resolution(self) -> int:
        """Grid nodes along the side of its box at which its surface is meshed unless another number is asked for."""
        return 256

    @property
    def single_thread_batch(self) -> int:
        """Largest number of points of a training step that one thread makes as fast as several; 0 if there is none."""
        return 0

    @checked
    def forward(self, x: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b"]:
        """Values at ``x``, shape (..., 3) to (...,), differentiable in ``x`` and the parameters.

        Raises:
            ValueError: ``x`` has another last dimension, or another dtype than the parameters; half precision is
                widened to float32.
        """
        x = self._read(x)
        return self.evaluate(x.reshape(-1, 3)).reshape(x.shape[:-1])

    @checked
    def value_and_gradient(self, x: Float[Tensor, "*b 3"]) -> tuple[Float[Tensor, "*b"], Float[Tensor, "*b 3"]]:
        """Values (...,) and gradients df/dx (..., 3) at ``x`` (..., 3), each differentiable once in the parameters.

        One ordinary ``backward`` through both is enough for an eikonal loss; under ``torch.no_grad`` no graph is kept.

        Raises:
            ValueError: ``x`` has another last dimension, or another dtype than the parameters.
        """
        x = self._read(x)
        values, gradients = self.evaluate_with_gradient(x.reshape(-1, 3))
        return values.reshape(x.shape[:-1]), gradients.reshape(x.shape)

    @checked
    def second_order(
        self, x: Float[Tensor, "*b 3"], along: Along = "axes"
    ) -> tuple[Float[Tensor, "*b"], Float[Tensor, "*b 3"], Float[Tensor, "*b"]]:
        """Values, gradients g and a second derivative at ``x``, each differentiable once in the parameters.

        Args:
            x: Points, shape (..., 3).
            along: "axes" gives the Laplacian, the trace of the second derivatives H: the divergence of g. "gradient"
                gives g^T H g, the second derivative along g times |g|^2: 0 for a distance.

        Returns:
            Shapes (...,), (..., 3) and (...,).

        Raises:
            ValueError: ``x`` has another last dimension, or another dtype than the parameters; or ``along`` is unknown.

        A ``Siren`` has both in one pass up and down its network; other fields take them by autograd. Grids that
        interpolate linearly have no second derivative but in their network.

        >>> from diffshape.fields import Siren
        >>> values, gradients, laplacians = Siren(width=32).second_order(torch.zeros(5, 3))
        >>> laplacians.shape
        torch.Size([5])
        """
        x = self._read(x)
        values, gradients, second = self.evaluate_second_order(x.reshape(-1, 3), along)
        return values.reshape(x.shape[:-1]), gradients.reshape(x.shape), second.reshape(x.shape[:-1])

    @torch.no_grad()
    @checked
    def query(self, points: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b"]:
        """Values f(x) at any number of points, without gradient, in chunks that bound the memory.

        The points are brought to the dtype and the device of the field, which is evaluated as after ``eval()``, that is
        without dropout, and keeps its own mode.

        Args:
            points: Shape (..., 3), in the coordinates of the field, of any floating dtype and on any device.

        Returns:
            Shape (...,), in the dtype and on the device of ``points``; NaN where a point is NaN.

        Raises:
            TypeError: ``points`` are not a tensor.
            ValueError: ``points`` are not of a floating dtype or have another last dimension.

        >>> from diffshape.fields import FeatureGrid
        >>> FeatureGrid(levels=2, radius=0.5).query(torch.tensor([[0.0, 0.0, 0.7]]).double()).round(decimals=2)
        tensor([0.2000], dtype=torch.float64)
        """
        if points.shape[-1:] != (3,):
            raise ValueError(f"{type(self).__name__}.query: points must have shape (..., 3), got {tuple(points.shape)}")
        with eval_mode(self):
            parts = [self._values_in_own_dtype(part).to(points) for part in points.reshape(-1, 3).split(CHUNK)]
        return torch.cat(parts).reshape(points.shape[:-1])

    @checked
    def fade_in(self, progress: float, *, over: float = 0.2) -> None:
        """Bring in the fine parts of the field after its coarse ones; called before each step of a fit that wants it.

        A grid shows its three coarsest levels at first and all levels when ``progress`` reaches ``over``; other fields
        do nothing.

        Args:
            progress: Share of the fit that is done, 0 to 1.
            over: Share of the fit over which the fine parts come in, positive.

        Raises:
            ValueError: ``progress`` is negative or ``over`` not positive.
        """
        check_number("Field.fade_in: progress", progress, 0)
        check_number("Field.fade_in: over", over, 0, above=True)

    @checked
    def fit_surface(self, surface: OrientedSurface) -> bool:
        """Become the signed distance of a surface, if it can be found without training; returns whether it was.

        Here it is not: only a field that is linear in its parameters can.
        """
        return False

    def __repr__(self) -> str:
        """Class and number of parameters, on one line."""
        return f"{type(self).__name__}({sum(parameter.numel() for parameter in self.parameters()):,} parameters)"

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        raise NotImplementedError(f"{type(self).__name__} must define evaluate(points)")

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points, here by autograd; under ``torch.no_grad`` no graph is kept."""
        if is_transformed(points, *self.parameters()):
            values, pull_back, *_ = torch.func.vjp(self.evaluate, points)
            return values, pull_back(torch.ones_like(values))[0]
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            points = points if keep and points.requires_grad else points.detach().requires_grad_()
            values = self.evaluate(points)
            (gradients,) = torch.autograd.grad(values.sum(), points, create_graph=keep)
        return (values, gradients) if keep else (values.detach(), gradients)

    def evaluate_second_order(
        self, points: Float[Tensor, "n 3"], along: Along
    ) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"], Float[Tensor, "n"]]:
        """Values, gradients and second derivatives at (N, 3) points, here by autograd through ``evaluate``."""
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            points = points if keep and points.requires_grad else points.detach().requires_grad_()
            values = self.evaluate(points)
            (gradients,) = torch.autograd.grad(values.sum(), points, create_graph=True)
            if along == "axes":
                second = sum(_derivative(gradients[:, axis], points)[:, axis] for axis in range(3))
            else:
                second = (gradients * _derivative(0.5 * gradients.square().sum(-1), points)).sum(-1)
        return (values, gradients, second) if keep else (values.detach(), gradients.detach(), second.detach())

    def plain(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points by operations of PyTorch that TorchScript and ONNX know, for ``export``.

        By default, those of ``evaluate``. A field that writes its own gives the same values up to rounding, and makes
        tensors from its points, parameters and buffers only, so that a traced graph names no device.
        """
        return self.evaluate(points)

    def _values_in_own_dtype(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at points of any floating dtype, on any device, in the dtype and on the device of the field."""
        return self(points.to(next(self.parameters(), points)))

    def _read(self, x: Tensor) -> Tensor:
        """The points, in half precision widened to the field's float32, or a ValueError."""
        if x.shape[-1:] != (3,):
            raise ValueError(f"{type(self).__name__}: x must have shape (..., 3), got {tuple(x.shape)}")
        parameter = next(self.parameters(), x)
        if parameter.dtype is torch.float32:
            x = widened(x)
        if x.dtype != parameter.dtype:
            raise ValueError(
                f"{type(self).__name__}: x is {x.dtype} but the field is {parameter.dtype}; convert one with .to(dtype)"
            )
        return x


def _derivative(values: Float[Tensor, "n"], points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """Derivative of values in their points, differentiable again; 0 where they do not depend on them."""
    if not values.requires_grad:
        return torch.zeros_like(points)
    return torch.autograd.grad(values.sum(), points, create_graph=True, materialize_grads=True)[0]
