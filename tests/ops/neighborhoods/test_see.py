import pytest
import torch
from torch.nn.functional import normalize

from diffshape.ops.neighborhoods.definition import FEATURES, SUMMARY, SmoothedCloud, reference_neighborhoods
from diffshape.ops.neighborhoods.see import see_neighborhoods
from diffshape.ops.neighbors.index import NeighborIndex


def scan(count=400, k=40, seed=0):
    """Half a noisy ball, somewhat smoothed; its neighbours, noise and ladder."""
    generator = torch.Generator().manual_seed(seed)
    normals = normalize(torch.randn(count, 3, generator=generator), dim=1)
    points = 0.5 * normals + 0.003 * torch.randn(count, 3, generator=generator)
    raw = points + 0.01 * torch.randn(count, 3, generator=generator)
    told = torch.randn(2, count, generator=generator)
    cloud = SmoothedCloud(raw, points, normals, told[0] - 5, told[1])
    neighbors = NeighborIndex(points).query(points, k).indices
    noise = 0.002 + 0.01 * torch.rand(count, generator=generator)
    return cloud, neighbors, noise, torch.arange(0, k, 3)


@pytest.mark.parametrize("k", [3, 12, 150])
def test_kernel_is_the_definition(k):
    cloud, neighbors, noise, ladder = scan(k=k)
    rows = torch.arange(0, 400, 3)
    seen = see_neighborhoods(cloud, rows, neighbors[rows].int(), noise[rows], ladder)
    wanted = reference_neighborhoods(
        SmoothedCloud(*(each.double() for each in cloud)), rows, neighbors[rows], noise[rows].double(), ladder
    )
    for name, got, want in zip(seen._fields, seen, wanted):
        assert got.shape == want.shape, name
        assert torch.allclose(got.double(), want, atol=2e-3), name
        assert (got.double() - want).abs().median() < 1e-5, name


def test_shapes_and_ranges():
    cloud, neighbors, noise, ladder = scan()
    seen = see_neighborhoods(cloud, torch.arange(400), neighbors, noise, ladder)
    assert seen.features.shape == (400, 40, FEATURES)
    assert seen.summary.shape == (400, SUMMARY)
    assert seen.features[..., 3:].abs().max() <= 2
    assert torch.allclose(seen.features[:, 0, :3], torch.zeros(400, 3))  # the point itself is the first neighbour
    assert torch.allclose(seen.smooth.norm(dim=-1)[:, -1], torch.ones(400), atol=1e-5)  # the last is one radius away


def test_double_precision_is_answered_by_the_definition():
    cloud, neighbors, noise, ladder = scan()
    double = SmoothedCloud(*(each.double() for each in cloud))
    seen = see_neighborhoods(double, torch.arange(5), neighbors[:5], noise[:5].double(), ladder)
    assert seen.features.dtype == torch.float64


def test_noise_of_zero_and_coincident_neighbors_are_finite():
    cloud, neighbors, noise, ladder = scan()
    for points in (cloud.points, torch.zeros_like(cloud.points)):
        still = cloud._replace(raw=points, points=points)
        for answer in (see_neighborhoods, reference_neighborhoods):
            seen = answer(still, torch.arange(400), neighbors, torch.zeros_like(noise), ladder)
            assert all(bool(each.isfinite().all()) for each in seen[:2]), answer


def test_one_and_two_threads_give_the_same_bits():
    cloud, neighbors, noise, ladder = scan()
    threads = torch.get_num_threads()
    try:
        answers = []
        for count in (1, 2):
            torch.set_num_threads(count)
            answers.append(see_neighborhoods(cloud, torch.arange(400), neighbors, noise, ladder))
        assert all(torch.equal(*each) for each in zip(*answers))
    finally:
        torch.set_num_threads(threads)
