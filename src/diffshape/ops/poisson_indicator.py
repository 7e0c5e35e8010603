"""The indicator of a solid from points with outward area vectors: one Poisson equation on a periodic grid.

The gradient of the indicator chi (1 inside, 0 outside) is minus the outward normal times the surface's delta function,
grad chi = -V with V = sum_i a_i n_i delta(x - p_i). Its least-squares solution, smoothed by a Gaussian of standard
deviation s, is in Fourier space

    chi(k) = (i k . V(k)) / |k|^2 * exp(-s^2 |k|^2 / 2).

V is spread to the grid's nodes by trilinear weights, and chi is read with the same weights.
Sources: Kazhdan, "Reconstruction of solid models from oriented point sets", SGP 2005; Kazhdan, Bolitho, Hoppe, "Poisson
surface reconstruction", SGP 2006.
"""

from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import require_finite, widened


class PoissonIndicator:
    """The indicator in the cube [-side / 2, side / 2]^3 at ``resolution``^3 nodes.

    Args:
        points: Shape (N, 3), in the cube; leave about a quarter of it empty on every side, for the grid is periodic.
        area_vectors: Outward normals times the areas the points stand for, shape (N, 3); their sum should be about 0.
        resolution: Nodes an axis.
        side: Length of the cube's side.
        smoothing: Standard deviation of the Gaussian, unit of the points.

    Raises:
        ValueError: A shape does not fit, a point lies outside the cube, or a number is not positive.

    Values are only defined up to a constant: compare with ``level``. Cost O(resolution^3 log resolution + N).

    >>> directions = torch.nn.functional.normalize(torch.randn(4000, 3, generator=torch.manual_seed(0)), dim=1)
    >>> ball = PoissonIndicator(0.4 * directions, directions * (4 * torch.pi * 0.4**2 / 4000), resolution=32)
    >>> (ball.value(torch.tensor([[0.0, 0.0, 0.0], [0.7, 0.0, 0.0]])) > ball.level).tolist()
    [True, False]
    """

    @checked
    def __init__(
        self,
        points: Float[Tensor, "n 3"],
        area_vectors: Float[Tensor, "n 3"],
        *,
        resolution: int = 96,
        side: float = 2.0,
        smoothing: float = 0.012,
    ) -> None:
        if points.ndim != 2 or points.shape[-1] != 3 or points.shape != area_vectors.shape:
            raise ValueError(
                f"PoissonIndicator: points and area_vectors must have one shape (N, 3), "
                f"got {tuple(points.shape)} and {tuple(area_vectors.shape)}"
            )
        if resolution < 4 or not side > 0 or not smoothing >= 0:
            raise ValueError(
                "PoissonIndicator: want resolution >= 4, side > 0 and smoothing >= 0, "
                f"got {resolution}, {side}, {smoothing}"
            )
        if points.numel() and not bool(points.abs().max() <= side / 2):
            raise ValueError(f"PoissonIndicator: points must be finite and inside [-{side / 2}, {side / 2}]^3")
        points, area_vectors = widened(points), widened(area_vectors).to(widened(points))
        require_finite("PoissonIndicator", "area_vectors", area_vectors, torch.finfo(points.dtype).max ** 0.5)
        self.points, self.resolution, self.side = points, resolution, side
        self._waves = self._wave_numbers(points)
        self._transform = self._solve(area_vectors, smoothing)

    @cached_property
    def level(self) -> float:
        """The value on the surface: the median at the points."""
        return float(self.value(self.points).median()) if len(self.points) else 0.0

    def value(self, x: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """The indicator at points; those outside the cube get the value of its nearest point."""
        return self._read(self._values, x)[:, 0]

    def inside(self, x: Float[Tensor, "n 3"]) -> Tensor:
        """Which points (N, 3) lie inside: above ``level``."""
        return self.value(x) > self.level

    def gradient(self, x: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """The spectral gradient at points, along the inward normal at the surface."""
        return self._read(self._gradients, x)

    @property
    def nodes(self) -> Float[Tensor, "r r r"]:
        """Values less ``level`` at the nodes (x, y, z) from -side / 2 to side / 2, both ends included."""
        values = (self._values - self.level).reshape((self.resolution,) * 3)
        ends = torch.arange(self.resolution + 1, device=values.device) % self.resolution
        return values[ends][:, ends][:, :, ends]

    @property
    def volume(self) -> float:
        """Volume of the cells whose node lies inside."""
        return float((self._values > self.level).double().mean()) * self.side**3

    @cached_property
    def _own_corners(self) -> tuple[Int[Tensor, "n 8"], Float[Tensor, "n 8"]]:
        return self._corners(self.points)

    @cached_property
    def _values(self) -> Float[Tensor, "nodes 1"]:
        return self._inverse(self._transform).reshape(-1, 1)

    @cached_property
    def _gradients(self) -> Float[Tensor, "nodes 3"]:
        return torch.stack([self._inverse(1j * wave * self._transform).flatten() for wave in self._waves], dim=-1)

    def _inverse(self, transform: Tensor) -> Tensor:
        return torch.fft.irfftn(transform, s=(self.resolution,) * 3)

    def _wave_numbers(self, like: Tensor) -> list[Tensor]:
        """k along each axis, shaped to broadcast; 0 at the Nyquist frequency, whose derivative is not real."""
        spacing = self.side / self.resolution / (2 * torch.pi)
        full = torch.fft.fftfreq(self.resolution, spacing, dtype=like.dtype, device=like.device)
        half = torch.fft.rfftfreq(self.resolution, spacing, dtype=like.dtype, device=like.device)
        if self.resolution % 2 == 0:
            full[self.resolution // 2], half[-1] = 0.0, 0.0
        return [full[:, None, None], full[None, :, None], half[None, None, :]]

    def _solve(self, area_vectors: Tensor, smoothing: float) -> Tensor:
        nodes, weights = self._own_corners
        spread = area_vectors.new_zeros(3, self.resolution**3)
        for axis in range(3):  # bincount is sequential, so the sum is the same for any number of threads
            shares = weights * area_vectors[:, axis, None]
            spread[axis] = torch.bincount(nodes.flatten(), shares.flatten(), minlength=self.resolution**3)
        density = spread.reshape(3, *(self.resolution,) * 3) * (self.resolution / self.side) ** 3
        x, y, z = self._waves
        squares = x.square() + y.square() + z.square()
        a, b, c = (torch.fft.rfftn(part) for part in density)
        divergence = x * a + y * b + z * c
        return 1j * divergence * torch.where(squares > 0, torch.exp(-0.5 * smoothing**2 * squares) / squares, 0.0)

    def _read(self, grid: Tensor, x: Float[Tensor, "n 3"]) -> Tensor:
        own = x is self.points
        nodes, weights = self._own_corners if own else self._corners(x.clamp(-self.side / 2, self.side / 2))
        return torch.einsum("nk,nkc->nc", weights, grid[nodes])

    def _corners(self, x: Float[Tensor, "n 3"]) -> tuple[Int[Tensor, "n 8"], Float[Tensor, "n 8"]]:
        """The eight nodes around each point and their trilinear weights."""
        position = (x / self.side + 0.5) * self.resolution
        cell = position.floor()
        t = position - cell
        bits = torch.cartesian_prod(*[torch.arange(2, device=x.device)] * 3)  # (8, 3)
        weights = torch.where(bits == 1, t[:, None], 1 - t[:, None]).prod(-1)
        i, j, k = ((cell.long()[:, None] + bits) % self.resolution).unbind(-1)
        return (i * self.resolution + j) * self.resolution + k, weights
