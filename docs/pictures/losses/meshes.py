"""Pictures of losses on meshes: a bumpy strip (red), its flat target (grey) or points, and where each vertex is led."""

from collections.abc import Callable

import torch
from style import CLOUD, TARGET, arrows, dots, gradient, panels, save, segments, size_of
from torch import Tensor

from diffshape import losses

COLUMNS, ROWS = 10, 3
FRONT = torch.tensor([[1.0, 0.0], [0.45, 0.28], [0.0, 1.0]])
"""How x, y and z are drawn: y goes to the back."""


def strip(bumps: bool = True) -> tuple[Tensor, Tensor]:
    """Vertices and faces of a strip of triangles in the plane z = 0, or of one with random heights and a spike."""
    across, back = torch.meshgrid(torch.arange(COLUMNS) / 9.0, torch.arange(ROWS) / 9.0, indexing="ij")
    vertices = torch.stack([across, back, torch.zeros_like(across)], -1).reshape(-1, 3)
    if bumps:
        generator = torch.Generator().manual_seed(1)
        vertices += torch.tensor([0.012, 0.012, 0.03]) * torch.randn(vertices.shape, generator=generator)
        vertices[4 * ROWS + 1, 2] += 0.16
    corners = [column * ROWS + row for column in range(COLUMNS - 1) for row in range(ROWS - 1)]
    faces = [each for i in corners for each in ((i, i + ROWS, i + 1), (i + ROWS, i + ROWS + 1, i + 1))]
    return vertices, torch.tensor(faces)


def draw_mesh(axis, vertices: Tensor, faces: Tensor, color: str, width: float) -> None:
    """The edges of a mesh."""
    seen = vertices.detach() @ FRONT
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).sort(1).values.unique(dim=0)
    segments(axis, seen[edges[:, 0]], seen[edges[:, 1]], color, width)


def frame(axis, title: str, top: float) -> None:
    """One view for all panels."""
    axis.set_title(title)
    axis.set_xlim(-0.06, 1.18)
    axis.set_ylim(-0.14, top)


def on_strip(variants: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]], target: bool) -> Callable:
    """Arrows of several forms of a loss on the bumpy strip; ``target``: the flat one is drawn as well."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(len(variants), width=4.2 if len(variants) > 1 else 6.0, height=2.4)
        flat, faces = strip(bumps=False)
        bumpy, _ = strip()
        for axis, (title, loss) in zip(axes, variants.items()):
            moving = bumpy.clone().requires_grad_()
            (steps,) = gradient(loss(moving, flat, faces), moving)
            frame(axis, f"{title}\n{size_of(steps)}", 0.3)
            if target:
                draw_mesh(axis, flat, faces, TARGET, 0.7)
            draw_mesh(axis, bumpy, faces, CLOUD, 0.8)
            arrows(axis, bumpy @ FRONT, steps @ FRONT, 0.16, width=0.006)
        save(figure, folder, name)

    return draw


def with_points(loss: Callable) -> Callable:
    """Arrows at the points (green) and at the vertices (blue): a cloud above the left half of the strip."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(2, width=4.2, height=2.6)
        vertices, faces = strip(bumps=False)
        generator = torch.Generator().manual_seed(3)
        points = torch.rand(14, 3, generator=generator) * torch.tensor([0.5, 0.22, 0.05]) + torch.tensor([0, 0, 0.16])
        points[0] = torch.tensor([0.95, 0.1, 0.33])
        for axis, squared in zip(axes, (True, False)):
            above, below = points.clone().requires_grad_(), vertices.clone().requires_grad_()
            point_steps, vertex_steps = gradient(loss(above, below, faces, squared=squared), above, below)
            frame(axis, f"squared={squared}\nvertices: {size_of(vertex_steps)}", 0.42)
            draw_mesh(axis, vertices, faces, CLOUD, 0.8)
            dots(axis, points @ FRONT, TARGET)
            arrows(axis, points @ FRONT, point_steps @ FRONT, 0.12, color="#3a9a6a", width=0.005)
            arrows(axis, vertices @ FRONT, vertex_steps @ FRONT, 0.14, width=0.005)
        save(figure, folder, name)

    return draw


def weighted(vertex: float, normal: float, edge: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The mesh loss with three weights."""
    weights = {"vertex_weight": vertex, "normal_weight": normal, "edge_weight": edge}
    return lambda mesh, flat, faces: losses.mesh_loss(mesh, flat, faces, **weights).total


def laplacian(weighting: str) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The Laplacian loss of one weighting."""
    return lambda mesh, flat, faces: losses.laplacian_loss(mesh, faces, weighting=weighting)


PICTURES = {
    "vertex_loss": on_strip({"to the flat strip": lambda mesh, flat, faces: losses.vertex_loss(mesh, flat)}, True),
    "face_normal_loss": on_strip({"normals of the flat strip": losses.face_normal_loss}, True),
    "edge_length_loss": on_strip(
        {
            "lengths of the flat strip": losses.edge_length_loss,
            "target 0.12": lambda mesh, flat, faces: losses.edge_length_loss(mesh, 0.12, faces),
            "target 0": lambda mesh, flat, faces: losses.edge_length_loss(mesh, 0.0, faces),
        },
        True,
    ),
    "mesh_loss": on_strip(
        {
            "vertex 1, normal 1, edge 1": weighted(1, 1, 1),
            "0.5, 1, 0.1": weighted(0.5, 1, 0.1),
            "1, 0.01, 0.1": weighted(1, 0.01, 0.1),
        },
        True,
    ),
    "laplacian_loss": on_strip({kind: laplacian(kind) for kind in ("uniform", "cotangent", "curvature")}, False),
    "adjacent_normal_loss": on_strip(
        {"angles between faces": lambda mesh, flat, faces: losses.adjacent_normal_loss(mesh, faces)}, False
    ),
    "point_to_mesh_distance": with_points(losses.point_to_mesh_distance),
    "mesh_to_points_distance": with_points(losses.mesh_to_points_distance),
}
