"""What every neural field is: a module f(x), and its gradient in x, both trainable."""

from abc import abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import widened
from diffshape.ops.transforms import is_transformed


class Field(torch.nn.Module):
    """A scalar function of points in space; a signed distance in most uses, negative inside.

    A subclass writes ``evaluate`` and, where it knows a faster way than autograd, ``evaluate_with_gradient``; both get
    points of shape (N, 3).

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
            ValueError: As when called.
        """
        x = self._read(x)
        values, gradients = self.evaluate_with_gradient(x.reshape(-1, 3))
        return values.reshape(x.shape[:-1]), gradients.reshape(x.shape)

    def __repr__(self) -> str:
        """Its class and size, on one line whatever it is made of."""
        return f"{type(self).__name__}({sum(parameter.numel() for parameter in self.parameters()):,} parameters)"

    @abstractmethod
    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        raise NotImplementedError(f"{type(self).__name__} must define evaluate(points)")

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points, here by autograd; a graph is kept only if wanted."""
        if is_transformed(points, *self.parameters()):
            values, pull_back, *_ = torch.func.vjp(self.evaluate, points)
            return values, pull_back(torch.ones_like(values))[0]
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            points = points if keep and points.requires_grad else points.detach().requires_grad_()
            values = self.evaluate(points)
            (gradients,) = torch.autograd.grad(values.sum(), points, create_graph=keep)
        return (values, gradients) if keep else (values.detach(), gradients)

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
