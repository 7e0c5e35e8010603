"""Visible triangles and spheres of a picture: a z-buffer in vectorised torch, without OpenGL.

Everything is in picture coordinates: x to the right and y down in pixels (the centre of pixel (row, column) is
(column + 1/2, row + 1/2)), z away from the eye in the same unit, projection along z. Each primitive becomes its list of
(pixel, depth) fragments; of the fragments of a pixel the nearest stays. A triangle covers the pixels whose centres lie
inside it; a shared side is crossed at the same x from both of its triangles, so neighbours leave no gap and no overlap.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line

FRAGMENTS = 2**21
"""Fragments held at once, about 100 bytes each."""


class MeshRaster(NamedTuple):
    """The nearest face of each pixel (-1: none), barycentric weights there (0 if none), and its depth (inf if none)."""

    faces: Int[Tensor, "h w"]
    barycentric: Float[Tensor, "h w 3"]
    depth: Float[Tensor, "h w"]

    __repr__ = one_line


class SphereRaster(NamedTuple):
    """The nearest sphere of each pixel (-1: none), its unit normal there (0 if none), and its depth (inf if none)."""

    points: Int[Tensor, "h w"]
    normals: Float[Tensor, "h w 3"]
    depth: Float[Tensor, "h w"]

    __repr__ = one_line


@checked
def rasterize_mesh(vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"], *, height: int, width: int) -> MeshRaster:
    """The nearest triangle in each pixel; both sides of a triangle are seen.

    Args:
        vertices: Shape (V, 3), picture coordinates, finite.
        faces: Shape (F, 3), indices of vertices.
        height, width: Size of the picture in pixels.

    Raises:
        ValueError: A shape is wrong, an index is out of range, or a vertex is not finite.

    Not differentiable. Time O(covered pixels + rows of all faces). At equal depth the lower face index wins.

    >>> corners = torch.tensor([[0.0, 0.0, 5.0], [4.0, 0.0, 5.0], [0.0, 4.0, 5.0]])
    >>> rasterize_mesh(corners, torch.tensor([[0, 1, 2]]), height=3, width=4).faces
    tensor([[ 0,  0,  0, -1],
            [ 0,  0, -1, -1],
            [ 0, -1, -1, -1]])
    """
    _check("rasterize_mesh", "vertices", vertices, height, width)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.is_floating_point():
        raise ValueError(f"rasterize_mesh: faces must be integers of shape (F, 3), got {tuple(faces.shape)}")
    if faces.numel() and not (int(faces.min()) >= 0 and int(faces.max()) < len(vertices)):
        raise ValueError(f"rasterize_mesh: faces must index vertices 0 to {len(vertices) - 1}, got others")
    corners = vertices.detach().double()[faces.long()]  # (F, 3 corners, 3)
    buffer = _ZBuffer(corners[..., 2], height, width)
    for which in _portions(corners, height, width):
        owner, row, column = _covered(corners[which], height, width)
        depth = _plane_depth(corners[which][owner], column + 0.5, row + 0.5)
        buffer.put(row * width + column, depth, which[owner])
    seen, rows, columns, index = buffer.nearest()
    visible = corners[index]
    weights = _barycentric(visible, columns + 0.5, rows + 0.5)
    image = torch.zeros(height, width, 3, dtype=vertices.dtype, device=vertices.device)
    depth = torch.full((height, width), torch.inf, dtype=vertices.dtype, device=vertices.device)
    image[rows, columns] = weights.to(vertices.dtype)
    depth[rows, columns] = (weights * visible[..., 2]).sum(-1).to(vertices.dtype)
    return MeshRaster(seen, image, depth)


@checked
def rasterize_spheres(points: Float[Tensor, "n 3"], radius: float, *, height: int, width: int) -> SphereRaster:
    """The nearest of equal spheres in each pixel; normals point at the eye's side (z <= 0).

    Args:
        points: Centres, shape (N, 3), picture coordinates, finite.
        radius: Radius in pixels, positive.
        height, width: Size of the picture in pixels.

    Raises:
        ValueError: A shape is wrong, a point is not finite, or the radius is not positive.

    Not differentiable. Time O(N radius^2).

    >>> rasterize_spheres(torch.tensor([[1.5, 1.5, 9.0]]), 1.0, height=3, width=3).depth[1, 1]
    tensor(8.)
    """
    _check("rasterize_spheres", "points", points, height, width)
    if not 0 < radius < math.inf:
        raise ValueError(f"rasterize_spheres: radius must be positive, got {radius}")
    centers = points.detach().double()
    buffer = _ZBuffer(torch.stack([centers[:, 2] - radius, centers[:, 2]]), height, width)
    reach = int(radius) + 1
    steps = torch.arange(-reach, reach + 1, device=points.device)
    for which in torch.arange(len(points), device=points.device).split(max(1, FRAGMENTS // len(steps) ** 2)):
        cell = centers[which, :2].floor().long()  # (n, 2)
        column = (cell[:, 0, None, None] + steps).expand(-1, len(steps), -1)
        row = (cell[:, 1, None, None] + steps[:, None]).expand(-1, -1, len(steps))
        bulge = _bulge(centers[which][:, None, None], column, row, radius)
        covered = (bulge >= 0) & (row >= 0) & (row < height) & (column >= 0) & (column < width)
        owner = which[:, None, None].expand_as(row)[covered]
        depth = centers[owner, 2] - bulge[covered].sqrt()
        buffer.put((row * width + column)[covered], depth, owner)
    seen, rows, columns, index = buffer.nearest()
    rise = _bulge(centers[index], columns, rows, radius).clamp_min(0).sqrt()
    at = torch.stack([columns + 0.5, rows + 0.5, centers[index, 2] - rise], -1)
    normals = torch.zeros(height, width, 3, dtype=points.dtype, device=points.device)
    depth = torch.full((height, width), torch.inf, dtype=points.dtype, device=points.device)
    normals[rows, columns] = ((at - centers[index]) / radius).to(points.dtype)
    depth[rows, columns] = at[:, 2].to(points.dtype)
    return SphereRaster(seen, normals, depth)


class _ZBuffer:
    """Keeps the nearest fragment of each pixel: depth on a scale of 31 bits, above the index in one 64-bit number."""

    def __init__(self, depths: Tensor, height: int, width: int) -> None:
        self.shape = (height, width)
        self.low = depths.min() if depths.numel() else depths.new_zeros(())
        span = depths.max() - self.low if depths.numel() else depths.new_zeros(())
        self.scale = (2**31 - 1) / span.clamp_min(torch.finfo(torch.float64).tiny)
        self.keys = torch.full((height * width,), torch.iinfo(torch.int64).max, device=depths.device)

    def put(self, pixels: Tensor, depth: Tensor, index: Tensor) -> None:
        level = ((depth - self.low) * self.scale).clamp(0, 2**31 - 1).long()
        self.keys.scatter_reduce_(0, pixels, (level << 32) | index, "amin")

    def nearest(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The index image (-1: none), and rows, columns and index of the pixels that have one."""
        empty = self.keys == torch.iinfo(torch.int64).max
        image = torch.where(empty, -1, self.keys & (2**32 - 1)).reshape(self.shape)
        rows, columns = (image >= 0).nonzero().unbind(-1)
        return image, rows, columns, image[rows, columns]


def _portions(corners: Float[Tensor, "f 3 3"], height: int, width: int) -> Iterator[Int[Tensor, "n"]]:
    """Faces in runs whose bounding boxes, within the picture, hold about ``FRAGMENTS`` pixels."""
    low, high = corners[..., :2].amin(1).clamp_min(0), corners[..., :2].amax(1)
    size = (torch.minimum(high, high.new_tensor([width, height])) - low).clamp_min(0) + 1
    run = (size.prod(-1).cumsum(0) / FRAGMENTS).long()
    index = torch.arange(len(corners), device=corners.device)
    yield from index.split(run.unique_consecutive(return_counts=True)[1].tolist()) if len(index) else ()


def _covered(corners: Float[Tensor, "f 3 3"], height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Face, row and column of every pixel centre inside every triangle, row by row."""
    x, y = corners[..., 0], corners[..., 1]
    first = (y.amin(1) - 0.5).ceil().clamp(0, height).long()
    owner, row = _expand(first, (y.amax(1) - 0.5).ceil().clamp(0, height).long())
    center = (row + 0.5)[:, None]
    next_x, next_y = x.roll(-1, 1), y.roll(-1, 1)
    upward = y <= next_y  # from the lower end to the upper in both triangles of a side, so that both round alike
    low_x, low_y = torch.where(upward, x, next_x)[owner], torch.where(upward, y, next_y)[owner]
    high_x, high_y = torch.where(upward, next_x, x)[owner], torch.where(upward, next_y, y)[owner]
    crossed = (low_y <= center) & (center < high_y)
    height_of = torch.where(crossed, high_y - low_y, 1.0)
    crossing = low_x + (center - low_y) * (high_x - low_x) / height_of
    left = torch.where(crossed, crossing, torch.inf).amin(1)
    right = torch.where(crossed, crossing, -torch.inf).amax(1)
    start, stop = ((side - 0.5).ceil().clamp(0, width).long() for side in (left, right))
    line, column = _expand(start, stop)
    return owner[line], row[line], column


def _expand(start: Int[Tensor, "n"], stop: Int[Tensor, "n"]) -> tuple[Int[Tensor, "m"], Int[Tensor, "m"]]:
    """Every whole number of every interval [start, stop), with the interval it comes from."""
    counts = (stop - start).clamp_min(0)
    owner = torch.arange(len(start), device=start.device).repeat_interleave(counts)
    before = counts.cumsum(0) - counts
    return owner, torch.arange(len(owner), device=start.device) - (before - start)[owner]


def _barycentric(corners: Float[Tensor, "n 3 3"], x: Tensor, y: Tensor) -> Float[Tensor, "n 3"]:
    """Weights of the corners at (x, y), at least 0, summing to 1."""
    (ax, ay), (bx, by), (cx, cy) = ((corner[:, 0], corner[:, 1]) for corner in corners.unbind(1))
    twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    twice_area = torch.where(twice_area == 0, 1.0, twice_area)
    second = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / twice_area
    third = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / twice_area
    weights = torch.stack([1 - second - third, second, third], -1).clamp(0, 1)
    return weights / weights.sum(-1, keepdim=True)


def _plane_depth(corners: Float[Tensor, "n 3 3"], x: Tensor, y: Tensor) -> Float[Tensor, "n"]:
    return (_barycentric(corners, x, y) * corners[..., 2]).sum(-1)


def _bulge(centers: Tensor, column: Tensor, row: Tensor, radius: float) -> Tensor:
    """Squared height of the sphere above its equator at a pixel centre; negative outside its outline."""
    return radius**2 - (column + 0.5 - centers[..., 0]) ** 2 - (row + 0.5 - centers[..., 1]) ** 2


def _check(function: str, name: str, points: Tensor, height: int, width: int) -> None:
    if points.ndim != 2 or points.shape[1] != 3 or not points.is_floating_point():
        raise ValueError(f"{function}: {name} must be floats of shape (N, 3), got {tuple(points.shape)} {points.dtype}")
    if not bool(torch.isfinite(points).all()):
        raise ValueError(f"{function}: {name} must be finite, got NaN or infinity")
    if height < 1 or width < 1:
        raise ValueError(f"{function}: height and width must be 1 or more, got {height} and {width}")
