"""The signed distance of a mesh in a normalised frame, exactly, and points to learn it from.

    s(x) = (-1 if w(x) > 1/2 else 1) * min over triangles t of |x - t|

with w the generalised winding number: negative inside, robust where a mesh has holes. Faces that face another way than
most of their surface are turned first, and so is a body that faces inward. The frame puts the centre of the mesh's box
at 0 and scales its longest side to 2 ("longest-side": the mesh fills [-1, 1]^3 along one axis), or half its diagonal to
0.95 ("diagonal": it lies in the ball of radius 0.95, as in torch-ngp).
"""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_number, check_whole
from diffshape._reprs import one_line
from diffshape.data.body_facing import are_bodies, face_areas, inward_bodies
from diffshape.data.coincident import distinct_rows
from diffshape.data.frame import Frame
from diffshape.data.meshes import Mesh, as_mesh
from diffshape.ops.meshes.face_orientation import connected_surfaces, faces_against_the_rest
from diffshape.ops.meshes.sample_surface import sample_surface
from diffshape.ops.meshes.topology import EdgeUses, edge_uses
from diffshape.ops.meshes.triangle_index import TriangleIndex

Normalization = Literal["longest-side", "diagonal"]
Perturbation = Literal["gaussian", "logistic"]
_DIAGONAL_RADIUS = 0.95
_SAMPLE_BYTES = 200
"""Memory in bytes that a sample takes while its distance is computed."""
_PROBES = 2048
_PROBE_SIGMA = 1e-3
_ONE_SIDED = 0.25  # of the mean winding number around a surface: 1/2 facing outward, -1/2 inward


class DistanceSamples(NamedTuple):
    """Points (N, 3) and their signed distances (N,), float32, in the normalised frame."""

    points: Tensor
    distances: Tensor

    __repr__ = one_line


class SignedDistance:
    """The exact signed distance function of a mesh; call it with points of the normalised frame.

        s(x) = (-1 if w(x) > 1/2 else 1) * min over triangles t of |x - t|

    with w the generalised winding number: negative inside, robust where a mesh has holes.

    Args:
        mesh: A path, a ``trimesh.Trimesh``, or (vertices, faces), in any unit.
        normalization: Length that is scaled. "longest-side": the longest side of the mesh's box becomes 2, so that it
            fills [-1, 1]^3 along one axis; "diagonal": half the box's diagonal becomes 0.95, so that the ball of that
            radius holds it.

    Attributes:
        frame: The way from input coordinates to the normalised frame and back.
        vertices, faces: The mesh in the normalised frame, (V, 3) float64 and (F, 3) int64, turned to face outward.
        index: The `diffshape.ops.TriangleIndex` that computes the distances.
        watertight: Whether every edge has exactly two faces, coincident vertices taken as one. If not, signs near the
            holes follow the winding number.
        consistently_wound: Whether, as given, the two faces of every edge that has two run along it in opposite ways.
        notes: Changes to the mesh and doubts about the signs, a sentence each; empty for a sound mesh.

    Raises:
        ValueError: ``mesh`` is not a mesh, or has no extent or no area.

    Faces that are turned are reported in a note: signs are negative inside, whatever the winding. Each body closed but
    for small holes is judged alone; one that faces inward and lies in another is a cavity of it. Where bodies
    overlap, w is 2 and the point is inside. Distances are computed in float64, on the CPU.

    >>> from diffshape.data import box_mesh
    >>> signed = SignedDistance(box_mesh(1, sides=(4.0, 2.0, 2.0)))
    >>> signed(torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 1.5]])), signed.watertight, signed.frame.scale
    (tensor([-0.5000,  1.0000]), True, 2.0)
    >>> points, distances = signed.sample_near(1000, generator=torch.Generator().manual_seed(0))
    >>> points.shape, bool(distances.abs().max() < 0.06)
    (torch.Size([1000, 3]), True)
    """

    @checked
    def __init__(self, mesh: Any, *, normalization: Normalization = "longest-side") -> None:
        mesh = as_mesh(mesh)
        self.normalization = normalization
        self.frame = _frame_of(mesh, normalization)
        self.vertices = torch.from_numpy(self.frame.to_unit(mesh.vertices))
        self.faces, notes = torch.from_numpy(mesh.faces), list(mesh.notes)
        self._joined, edges = _joined(mesh)
        self.watertight = bool((edges.faces == 2).all())
        self.consistently_wound = _disagreements(edges) == 0
        if not self.watertight:
            notes.append(
                f"{int((edges.faces != 2).sum())} of {len(edges.faces)} edges have one face or more than two; signs "
                "near them are the likeliest ones by the winding number"
            )
        if not self.consistently_wound:
            notes.append(self._agree())
        notes += self._face_outward()
        self.notes = tuple(notes)

    def __call__(self, points: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b"]:
        """Signed distances of finite points of the normalised frame, negative inside, in its unit; constants.

        Computed in float64, returned in the dtype and on the device of the points. A point on the surface has 0.

        Raises:
            ValueError: The points have another shape, or one is NaN or infinite: leave out what is masked.
        """
        if points.ndim == 0 or points.shape[-1] != 3 or not points.is_floating_point():
            raise ValueError(
                f"SignedDistance: points must be floats of shape (..., 3), got {tuple(points.shape)} {points.dtype}"
            )
        distances = self.index.signed_distances(points.reshape(-1, 3))
        return distances.to(points.dtype).reshape(points.shape[:-1])

    @checked
    def sample_surface(self, count: int, *, generator: torch.Generator | None = None) -> DistanceSamples:
        """Points even over the surface, rounded to float32, with distance 0."""
        _check_count("SignedDistance.sample_surface: count", count)
        points = self._on_surface(count, generator).float()
        return DistanceSamples(points, torch.zeros(count))

    @checked
    def sample_near(
        self,
        count: int,
        *,
        sigma: float = 0.01,
        perturbation: Perturbation = "gaussian",
        generator: torch.Generator | None = None,
    ) -> DistanceSamples:
        """Points even over the surface, each moved along every axis.

        Args:
            count: Number of points, >= 0.
            sigma: Scale of the moves, >= 0: the standard deviation of the normal distribution as in torch-ngp, or the
                scale s of the logistic one as in instant-ngp (standard deviation pi s / sqrt 3).
            perturbation: Distribution of the moves, "gaussian" or "logistic".
            generator: CPU generator; the same seed gives the same bits, for any number of threads.
        """
        _check_count("SignedDistance.sample_near: count", count)
        check_number("SignedDistance.sample_near: sigma", sigma, 0, 1e6)
        surface = self._on_surface(count, generator)
        if perturbation == "gaussian":
            moves = torch.randn(count, 3, generator=generator, dtype=torch.float64)
        else:
            moves = torch.rand(count, 3, generator=generator, dtype=torch.float64).logit(eps=2.0**-53)
        points = (surface + float(sigma) * moves).float()
        return DistanceSamples(points, self(points))

    @checked
    def sample_uniform(self, count: int, *, generator: torch.Generator | None = None) -> DistanceSamples:
        """Points even in [-1, 1]^3."""
        _check_count("SignedDistance.sample_uniform: count", count)
        points = torch.rand(count, 3, generator=generator) * 2 - 1
        return DistanceSamples(points, self(points))

    @checked
    def sample(
        self,
        *,
        near: int = 0,
        uniform: int = 0,
        surface: int = 0,
        sigma: float = 0.01,
        perturbation: Perturbation = "gaussian",
        generator: torch.Generator | None = None,
    ) -> DistanceSamples:
        """Points near the surface, in the cube and on the surface, in this order; torch-ngp takes them as 3 : 1 : 4."""
        for name, count in (("near", near), ("uniform", uniform), ("surface", surface)):
            _check_count(f"SignedDistance.sample: {name}", count)
        parts = (
            self.sample_near(near, sigma=sigma, perturbation=perturbation, generator=generator),
            self.sample_uniform(uniform, generator=generator),
            self.sample_surface(surface, generator=generator),
        )
        return DistanceSamples(*(torch.cat(each) for each in zip(*parts)))

    def _on_surface(self, count: int, generator: torch.Generator | None) -> Tensor:
        return sample_surface(self.vertices, self.faces, count, generator=generator).points

    def _turn(self, which: Bool[Tensor, "f"]) -> None:
        self.faces = torch.where(which[:, None], self.faces.flip(1), self.faces)
        self._joined = torch.where(which[:, None], self._joined.flip(1), self._joined)

    def _agree(self) -> str:
        """Turn the faces that face another way than most of their surface; a note says how many."""
        against = faces_against_the_rest(self._joined)
        self._turn(against)
        told = f"{int(against.sum())} of {len(against)} faces faced another way than their surface and were turned"
        left = _disagreements(edge_uses(self._joined))
        return f"{told}; at {left} edges faces cannot agree" if left else told

    def _face_outward(self) -> list[str]:
        """Turn bodies that face inward, and all open surfaces if they do as a whole; notes say what was turned."""
        surfaces = connected_surfaces(self._joined)
        closed = are_bodies(self.vertices, self._joined, surfaces)
        which = inward_bodies(self.vertices, self._joined, surfaces, closed)
        open_faces = ~closed[surfaces.of_face]
        if open_faces.any():
            open_faces &= face_areas(self.vertices, self._joined) > 0
        some_are_open = bool(open_faces.any())
        bodies, turned = int(closed.sum()) + some_are_open, int(which.sum())
        self._turn(which[surfaces.of_face])
        self.index = TriangleIndex(self.vertices, self._joined)
        if some_are_open:
            part = self.index if bodies == 1 else TriangleIndex(self.vertices, self._joined[open_faces])
            if _facing(part) < -_ONE_SIDED:
                turned += 1
                self._turn(open_faces)
                self.index = TriangleIndex(self.vertices, self._joined)
        notes = []
        if turned == bodies > 0:
            notes.append("the mesh faced inward and was turned around")
        elif turned:
            notes.append(
                f"{turned} of {bodies} bodies faced inward and {'was' if turned == 1 else 'were'} turned around"
            )
        if _facing(self.index) < _ONE_SIDED:
            notes.append("the mesh is a sheet rather than a body; few points or none count as inside")
        return notes


def _check_count(name: str, count: int) -> None:
    check_whole(name, count)
    if count > 10**6:  # fewer are drawn in every step of a training, which need not ask for the memory
        check_fits(name, count, _SAMPLE_BYTES)


def _facing(index: TriangleIndex) -> float:
    """The mean winding number close to both sides of the surface: 1/2 if it faces outward, -1/2 inward."""
    generator, corners = torch.Generator().manual_seed(0), index.corners.reshape(-1, 3)
    surface = sample_surface(corners, torch.arange(len(corners)).reshape(-1, 3), _PROBES, generator=generator).points
    moves = torch.randn(_PROBES, 3, generator=generator, dtype=torch.float64) * _PROBE_SIGMA
    return float(index.winding_number(torch.cat([surface + moves, surface - moves])).mean())


def _joined(mesh: Mesh) -> tuple[Int[Tensor, "f 3"], EdgeUses]:
    """The faces by places: of vertices that coincide the first, if that closes edges which are open as given."""
    faces = torch.from_numpy(mesh.faces)
    edges = edge_uses(faces)
    alone = int((edges.faces != 2).sum())
    if not alone:
        return faces, edges
    distinct = distinct_rows(mesh.vertices)
    joined = torch.from_numpy(distinct.first[distinct.place][mesh.faces])
    joined_edges = edge_uses(joined)
    return (joined, joined_edges) if int((joined_edges.faces != 2).sum()) < alone else (faces, edges)


def _disagreements(edges: EdgeUses) -> int:
    """Number of edges whose two faces run along them in the same direction."""
    return int(((edges.faces == 2) & (edges.balance != 0)).sum())


def _frame_of(mesh: Mesh, normalization: str) -> Frame:
    """The frame of the box of the vertices that faces use."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces] = True
    corners = mesh.vertices[used]
    low, high = corners.min(axis=0), corners.max(axis=0)
    side = float((high - low).max())
    if side == 0:
        raise ValueError(f"SignedDistance: the faces of the mesh have no extent; all are at {low.tolist()}")
    size = side / 2
    if normalization == "diagonal":
        size = side * math.dist(high / side, low / side) / 2 / _DIAGONAL_RADIUS
    x, y, z = ((low + high) / 2).tolist()
    return Frame((x, y, z), size)
