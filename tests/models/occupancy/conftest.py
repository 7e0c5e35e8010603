import pytest
import torch

from diffshape.data import ShapeSet


def boxes(count=2, points=2000, seed=0):
    """Boxes of different sides about different centres, in every form that an encoder reads."""
    generator = torch.Generator().manual_seed(seed)
    halves = 0.15 + 0.25 * torch.rand(count, 1, 3, generator=generator)
    centers = 0.1 * torch.rand(count, 1, 3, generator=generator) - 0.05

    def inside(x):
        return ((x - centers).abs() <= halves).all(-1)

    on_sphere = torch.nn.functional.normalize(torch.randn(count, points, 3, generator=generator), dim=-1)
    normals = torch.zeros_like(on_sphere)
    axis = (on_sphere.abs() / halves).argmax(-1, keepdim=True)
    normals.scatter_(-1, axis, on_sphere.gather(-1, axis).sign())
    surface = centers + on_sphere / (on_sphere.abs() / halves).amax(-1, keepdim=True)
    volume = 1.1 * torch.rand(count, points, 3, generator=generator) - 0.55
    near = surface + 0.04 * torch.randn(count, points, 3, generator=generator)
    middles = (torch.arange(16) + 0.5) / 16 - 0.5
    grid = torch.cartesian_prod(middles, middles, middles).expand(count, -1, -1)
    voxels = inside(grid).reshape(count, 16, 16, 16)
    return ShapeSet(
        names=tuple(f"box {n}" for n in range(count)),
        points=surface,
        normals=normals,
        volume_points=volume,
        occupancies=inside(volume),
        near_points=near,
        near_occupancies=inside(near),
        voxels=voxels,
        images=torch.stack([voxels.any(axis).float() for axis in (1, 2, 3)], 1),
    )


@pytest.fixture(scope="session")
def two_boxes():
    return boxes()
