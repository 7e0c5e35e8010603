import numpy as np
import pytest
import torch

from diffshape.data import as_mesh, icosphere, shape_family
from diffshape.models import DeepSDFConfig, sample_family, train_deep_sdf
from diffshape.models.deep_sdf.samples import SidedPool, distance_samples, family_frame, family_meshes


def sphere(radius, center=(0.0, 0.0, 0.0)):
    mesh = icosphere(3)
    return as_mesh((mesh.vertices / np.linalg.norm(mesh.vertices, axis=1)[:, None] * radius + center, mesh.faces))


def samples_of(mesh, frame, count=20_000, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return distance_samples(mesh, frame, DeepSDFConfig(**options), count, generator=generator)


def test_one_frame_holds_all_shapes_and_keeps_their_sizes():
    meshes = [sphere(1.0), sphere(3.0, (2.0, 0.0, 0.0))]
    frame = family_frame(meshes)
    assert frame.center == pytest.approx((2.0, 0.0, 0.0))  # the box goes from -1 to 5
    farthest = max(np.linalg.norm(frame.to_unit(mesh.vertices), axis=1).max() for mesh in meshes)
    assert farthest == pytest.approx(1 / 1.03)
    small, large = (np.ptp(frame.to_unit(mesh.vertices), axis=0) for mesh in meshes)
    assert large / small == pytest.approx(3.0)


def test_a_vertex_without_a_face_has_no_say():
    mesh = sphere(1.0)
    stray = as_mesh((np.concatenate([mesh.vertices, [[99.0, 0, 0]]]), mesh.faces))
    assert family_frame([stray]) == family_frame([mesh])


def test_distances_are_exact_and_in_the_frame():
    small, large = sphere(0.5, (1.0, 2.0, 3.0)), sphere(2.0, (1.0, 2.0, 3.0))
    frame = family_frame([small, large])
    for mesh, radius in ((small, 0.5), (large, 2.0)):
        points, distances = samples_of(mesh, frame, 3000)
        expected = points.norm(dim=1) - radius / frame.scale
        assert (distances - expected).abs().max() < 0.006 * radius  # the icosphere is no perfect ball
        assert points.dtype == distances.dtype == torch.float32


def test_shares_and_spreads_are_those_of_the_paper():
    """94 % about the surface, half with each spread; seen along the normal of a sphere, which is one axis of three."""
    mesh = sphere(1.0)
    points, distances = samples_of(mesh, family_frame([mesh]))
    wide, narrow, uniform = points.split([9400, 9400, 1200])
    assert distances[:9400].std().item() == pytest.approx(0.0707, rel=0.05)
    assert distances[9400:18_800].std().item() == pytest.approx(0.0224, rel=0.05)
    assert uniform.abs().max() <= 1
    assert uniform.std(dim=0).tolist() == pytest.approx([3**-0.5] * 3, rel=0.1)
    assert (wide - narrow).norm(dim=1).mean() < 0.15  # one surface point, moved twice


@pytest.mark.parametrize(("near", "count"), [(1.0, 3), (0.0, 2), (0.94, 7)])
def test_any_number_of_points_is_drawn(near, count):
    mesh = sphere(1.0)
    points, distances = samples_of(mesh, family_frame([mesh]), count, near=near)
    assert points.shape == (count, 3)
    assert distances.shape == (count,)


def test_the_same_seed_gives_the_same_points():
    mesh = sphere(1.0)
    frame = family_frame([mesh])
    one, again, other = (samples_of(mesh, frame, 100, seed).points for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_the_meshes_of_a_family_may_be_given_as_one(ellipsoids):
    for listed, given in zip(family_meshes(ellipsoids), family_meshes(shape_family("ellipsoid", 8)), strict=True):
        assert (listed.vertices == given.vertices).all()
        assert (listed.faces == given.faces).all()


def pool_of(distances):
    """Each point's first coordinate is its distance, so that pairs can be recognised."""
    distances = torch.tensor(distances)
    return SidedPool.of(distances[..., None].expand(*distances.shape, 3), distances)


def test_a_pool_keeps_points_and_distances_together():
    pool = pool_of([[1.0, -2.0, 0.0, -4.0], [-5.0, 6.0, 7.0, 8.0]])
    assert pool.inside.tolist() == [2, 1]
    assert pool.distances.tolist() == [[-2.0, -4.0, 1.0, 0.0], [-5.0, 6.0, 7.0, 8.0]]
    assert torch.equal(pool.points[..., 1], pool.distances)


@pytest.mark.parametrize("count", [2, 7, 1000])
def test_half_of_what_is_drawn_is_inside(count):
    pool = pool_of([[-1.0, 2, 3, 4, 5, 6, 7, 8], [-1.0, -2, -3, -4, -5, -6, -7, 8]])
    shapes = torch.tensor([1, 0, 1])
    points, distances = pool.draw(shapes, count, torch.Generator().manual_seed(0))
    assert points.shape == (3, count, 3)
    assert (distances < 0).sum(1).tolist() == [count // 2] * 3
    assert torch.equal(points[..., 0], distances)
    assert set(distances[1].tolist()) <= {-1.0, 2, 3, 4, 5, 6, 7, 8}
    if count == 1000:
        assert set(distances[0].tolist()) == {-1.0, -2, -3, -4, -5, -6, -7, 8}
        numbers = torch.stack([(distances[0] == -value).sum() for value in range(1, 8)])
        assert numbers.min() > 40  # evenly: 71 each on average


def test_points_on_one_side_only_are_drawn_from_that_side():
    pool = pool_of([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
    _, distances = pool.draw(torch.tensor([0, 1]), 300, torch.Generator().manual_seed(0))
    assert set(distances[0].tolist()) == {1.0, 2.0, 3.0}
    assert set(distances[1].tolist()) == {-1.0, -2.0, -3.0}


def test_samples_made_before_are_learnt_to_the_same_bits():
    config, shapes = DeepSDFConfig(samples=400), shape_family("ellipsoid", 2)
    samples = sample_family(shapes, config, seed=3)
    alone, once, again = (train_deep_sdf(each, config, steps=2, seed=3).model for each in (shapes, samples, samples))
    assert torch.equal(alone.codes, once.codes)
    assert torch.equal(alone.codes, again.codes)
    assert alone.frame == once.frame == samples.frame


def test_shapes_without_an_inside_are_all_named():
    ball, sheet = sphere(1.0), (np.eye(3), [[0, 1, 2]])
    config = DeepSDFConfig(samples=100)
    with pytest.raises(ValueError, match="train_deep_sdf: b has 0 of 100 points inside, c has 0 of 100 points inside;"):
        sample_family({"a": ball, "b": sheet, "c": sheet}, config)
    with pytest.raises(ValueError, match="shape 1 has 0 of 100 points inside; a shape must be a closed mesh"):
        sample_family([ball, sheet], config)
