import pytest
import torch

from diffshape.data import drawn_scan, drawn_solid
from diffshape.fitting.scans.prior import neighbors, passes
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.neighbors import NeighborLists
from diffshape.fitting.scans.prior.noise import ScanNoise, estimate_noise
from diffshape.fitting.scans.prior.passes import after_pass, begin, smoothed, support_of
from diffshape.fitting.scans.prior.scan_prior import ScanPrior


@pytest.fixture(scope="module")
def prior():
    """Two passes with weights at random about those of the untrained network."""
    generator = torch.Generator().manual_seed(0)
    prior = ScanPrior(PriorConfig(passes=2, neighbors=60))
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return prior.requires_grad_(False)


@pytest.fixture(scope="module")
def points():
    return torch.from_numpy(drawn_scan(drawn_solid(4), 700, noise=0.01).points).float()


def test_a_scan_that_is_turned_mirrored_and_scaled_is_cleaned_alike(prior, points):
    turned = torch.linalg.qr(torch.randn(3, 3, generator=torch.manual_seed(1)))[0]
    one, other = smoothed(prior, points, None), smoothed(prior, 3.7 * points @ turned.T, None)
    apart = (3.7 * one.cloud.points @ turned.T - other.cloud.points).norm(dim=1) / 3.7
    assert apart.median() < 1e-6
    assert (apart > 1e-3).float().mean() < 0.01  # where rounding turns a frame that is not determined
    assert (one.cloud.normals @ turned.T * other.cloud.normals).sum(1).abs().median() > 0.999
    assert float(other.level.noise) == pytest.approx(3.7 * float(one.level.noise), rel=1e-3)


def test_order_of_the_points_does_not_matter(prior, points):
    order = torch.randperm(len(points), generator=torch.manual_seed(2))
    one, other = smoothed(prior, points, None), smoothed(prior, points[order], None)
    assert torch.allclose(one.cloud.points[order], other.cloud.points, atol=1e-4)


def test_blocks_do_not_matter(prior, points, monkeypatch):
    one = smoothed(prior, points, None)
    monkeypatch.setattr(neighbors, "KEPT", 0)
    monkeypatch.setattr(neighbors, "BLOCK", 192)
    monkeypatch.setattr(passes, "BLOCK", 64)
    other = smoothed(prior, points, None)
    assert torch.allclose(one.cloud.points, other.cloud.points, atol=1e-6)
    assert torch.allclose(one.cloud.log_error, other.cloud.log_error, atol=1e-4)


def test_one_and_two_threads_give_the_same_bits(prior, points):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = smoothed(prior, points, None)
        torch.set_num_threads(2)
        other = smoothed(prior, points, None)
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(*pair) for pair in zip(one.cloud, other.cloud))


def test_the_first_passes_are_those_of_a_whole_run(prior, points):
    lists = NeighborLists(points, prior.config.neighbors, None)
    first = begin(points, lists, estimate_noise(points))
    assert all(map(torch.equal, smoothed(prior, points, None, passes=0).cloud, first.cloud))
    after = after_pass(prior.passes[0], first, lists, estimating=True)
    assert all(map(torch.equal, smoothed(prior, points, None, passes=1).cloud, after.cloud))


def test_noise_that_is_given_is_kept(prior, points):
    scan = smoothed(prior, points, 0.02)
    assert float(scan.level.noise) == pytest.approx(0.02)
    assert scan.moves is None


def test_of_a_scan_with_much_noise_few_points_are_neighbors(prior):
    points = torch.rand(1000, 3, generator=torch.manual_seed(0))
    level = ScanNoise(torch.tensor(0.25), torch.tensor(0.1))
    assert support_of(points, level._replace(noise=torch.tensor(0.12))) is None
    support = support_of(points, level)
    assert len(support) == 409  # 1.6 distances between points
    _, neighbors = next(iter(NeighborLists(points, 7, support).blocks()))
    assert torch.isin(neighbors, support.int()).all()
    wanted = torch.cdist(points, points[support]).argsort(dim=1)[:, :7]
    assert torch.equal(neighbors.long(), support[wanted])


@pytest.mark.parametrize("count", [3, 4, 9, 40])
def test_few_points_give_finite_answers(prior, points, count):
    cloud = smoothed(prior, points[:count], None).cloud
    assert all(bool(each.isfinite().all()) for each in cloud)
    assert torch.allclose(cloud.normals.norm(dim=1), torch.ones(count), atol=1e-5)
