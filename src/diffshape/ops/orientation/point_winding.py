"""Winding number of oriented points: how often the surface that they sample surrounds a place."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import coordinate_limit, require_finite
from diffshape.ops.orientation.potential import Potential, Sources


class PointWinding:
    """Smoothed winding number of oriented points, which says of any place whether it is inside.

        w(x) = 1 / (4 pi) sum_j a_j n_j . (p_j - x) / (|p_j - x|^2 + width^2)^(3/2)

    It is 1 inside a closed surface, 0 outside, about 1/2 at the points, and in between near holes; {w > 1/2} is the
    solid. Its gradient points inward at the surface.

    Args:
        points: Shape (N, 3), any unit of length.
        area_vectors: Shape (N, 3): outward unit normals n times the areas a that the points stand for.
        width: Smoothing width, > 0, same unit; about half the distance between neighbouring points.

    Raises:
        ValueError: A shape does not fit, a number is not finite, or ``width`` is not positive.

    Computed in float64, a constant to autograd, deterministic for any number of threads. On the CPU clusters of points
    that are far are taken as one, within about 0.005 of the sum, in O(log N) a place: 1 s a core for a million places
    around 30,000 points. On other devices all pairs are summed. Source: Barill, Dickson, Schmidt, Levin, Jacobson,
    "Fast winding numbers for soups and clouds", SIGGRAPH 2018.

    >>> normals = torch.nn.functional.normalize(torch.randn(4000, 3, generator=torch.manual_seed(0)), dim=1)
    >>> ball = PointWinding(0.5 * normals, normals * (torch.pi / 4000), width=0.02)
    >>> ball.inside(torch.tensor([[0.0, 0.0, 0.0], [0.7, 0.0, 0.0]])).tolist(), round(ball.volume, 2)
    ([True, False], 0.52)
    """

    @checked
    def __init__(self, points: Float[Tensor, "n 3"], area_vectors: Float[Tensor, "n 3"], *, width: float) -> None:
        if points.ndim != 2 or points.shape[-1] != 3 or points.shape != area_vectors.shape:
            raise ValueError(
                f"PointWinding: points and area_vectors must have one shape (N, 3), "
                f"got {tuple(points.shape)} and {tuple(area_vectors.shape)}"
            )
        if not 0 < width < math.inf:
            raise ValueError(f"PointWinding: width must be positive and finite, got {width}")
        require_finite("PointWinding", "points", points, coordinate_limit(torch.float64, 3))
        require_finite("PointWinding", "area_vectors", area_vectors, coordinate_limit(torch.float64, 3))
        self.points, self.width = points.detach().double(), width
        self.area_vectors = area_vectors.detach().to(self.points)
        self._sources = Sources(self.points, self.area_vectors.norm(dim=1))

    @checked
    def value(self, x: Float[Tensor, "m 3"]) -> Float[Tensor, "m"]:
        """Winding numbers (M,), float64, at finite places (M, 3)."""
        return self._at("value", x).value

    @checked
    def gradient(self, x: Float[Tensor, "m 3"]) -> Float[Tensor, "m 3"]:
        """Gradients (M, 3), float64, at finite places (M, 3); inward at the surface."""
        return self._at("gradient", x).gradient

    @checked
    def inside(self, x: Float[Tensor, "m 3"]) -> Bool[Tensor, "m"]:
        """Which of the finite places (M, 3) lie inside: w > 1/2."""
        return self._at("inside", x).value > 0.5

    @property
    def volume(self) -> float:
        """Volume that the points enclose, by the divergence theorem: 1/3 sum_j a_j n_j . (p_j - mean p)."""
        if not len(self.points):
            return 0.0
        return float(((self.points - self.points.mean(dim=0)) * self.area_vectors).sum()) / 3

    def _at(self, method: str, x: Tensor) -> Potential:
        if x.ndim != 2 or x.shape[-1] != 3:
            raise ValueError(f"PointWinding.{method}: x must have shape (M, 3), got {tuple(x.shape)}")
        require_finite(f"PointWinding.{method}", "x", x, coordinate_limit(torch.float64, 3))
        places = x.detach().to(self.points).contiguous()
        return self._sources.potential(dipoles=self.area_vectors, queries=places, width=self.width)
