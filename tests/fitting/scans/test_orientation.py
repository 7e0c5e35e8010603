"""Orientation: which way is out, and how sure that is."""

import pytest
import torch

from diffshape.fitting.scans.config import OrientationConfig
from diffshape.fitting.scans.orientation import OrientationTrust, orient_points, point_areas, spacing_of
from diffshape.ops import NeighborIndex

SMALL = OrientationConfig(resolution=64)


def right_share(found, truth):
    return ((found * truth).sum(1) > 0).double().mean().item()


@pytest.mark.parametrize("noise", [0.0, 0.005])
@pytest.mark.parametrize(("shape", "share"), [("sphere", 1.0), ("torus", 1.0), ("slab", 0.99)])
def test_normals_point_out(clouds, shape, share, noise):
    points, truth = getattr(clouds, shape)()
    orientation = orient_points(clouds.noisy(points, noise), config=SMALL)
    assert right_share(orientation.normals, truth) >= share
    torch.testing.assert_close(orientation.normals.norm(dim=1), torch.ones(len(points), dtype=torch.float64))
    assert orientation.trust.unseen < 0.1
    assert orientation.trust.overruled < 0.01


def test_volumes_and_inside(clouds):
    points, _ = clouds.torus()
    orientation = orient_points(points, config=SMALL)
    assert orientation.trust.volume == pytest.approx(2 * torch.pi**2 * 0.35 * 0.15**2, rel=0.05)
    assert orientation.trust.undecided < 0.05
    ring = torch.tensor([[0.35, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, -0.35, 0.0]], dtype=torch.float64)
    assert orientation.indicator.inside(ring).tolist() == [True, False, True]


def test_a_hidden_hollow_is_reported_unseen(clouds):
    points, truth = clouds.nested_spheres()
    orientation = orient_points(points, config=SMALL)
    assert right_share(orientation.normals[:4800], truth[:4800]) == 1.0
    assert orientation.trust.unseen == pytest.approx(0.2, abs=0.01)


def test_one_sided_scan_of_a_ball_closes(clouds):
    """Only the upper two thirds were scanned; what was seen is right, and the inside stays near the ball."""
    points, truth = clouds.sphere(4000)
    seen = points[:, 2] > -0.17
    orientation = orient_points(points[seen], config=SMALL)
    assert right_share(orientation.normals, truth[seen]) > 0.995
    assert 0.25 < orientation.trust.volume < 0.6  # the ball has 0.52, its seen part 0.39


def test_planar_patch_is_seen_from_both_sides(clouds):
    points = torch.rand(1000, 3, generator=clouds.generator(), dtype=torch.float64) - 0.5
    points[:, 2] = 0
    orientation = orient_points(points, config=SMALL)
    assert orientation.normals[:, 2].abs().mean() > 0.8
    assert orientation.trust.overruled > 0.2


def test_trust_falls_for_a_cloud_without_a_surface(clouds):
    points = torch.rand(3000, 3, generator=clouds.generator(), dtype=torch.float64) - 0.5
    trust = orient_points(points, config=SMALL).trust
    assert trust.unseen > 0.05
    assert trust.undecided > 0.3


def test_turns_with_the_points(clouds):
    points, truth = clouds.torus()
    q, _ = torch.linalg.qr(torch.randn(3, 3, generator=clouds.generator(3), dtype=torch.float64))
    turn = q * torch.linalg.det(q)
    plain, turned = (orient_points(each, config=SMALL).normals for each in (points, points @ turn.T))
    assert (plain @ turn.T * turned).sum(1).mean() > 0.99
    assert right_share(turned, truth @ turn.T) == 1.0


def test_same_points_same_bits(clouds):
    points, _ = clouds.slab(2000)
    first, second = (orient_points(points, config=SMALL).normals for _ in range(2))
    assert torch.equal(first, second)


def test_every_setting_acts(clouds):
    points = clouds.noisy(clouds.slab(1500)[0], 0.01)
    plain = orient_points(points, config=SMALL)
    for change in (
        {"directions": 8},
        {"cell": 4.0},
        {"slack": 0.5},
        {"rounds": 1},
        {"smoothing": (0.03, 0.02)},
        {"resolution": 32},
        {"side": 1.5},
    ):
        changed = orient_points(points, config=OrientationConfig(**{"resolution": 64, **change}))
        assert not torch.equal(changed.normals, plain.normals) or changed.trust != plain.trust, change


def test_areas_sum_to_that_of_the_surface(clouds):
    points, _ = clouds.sphere(4000)
    areas = point_areas(NeighborIndex(points).query(points, 9).squared_distances)
    assert areas.sum().item() == pytest.approx(torch.pi, rel=0.15)
    assert spacing_of(areas) == pytest.approx((torch.pi / 4000) ** 0.5, rel=0.1)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (torch.zeros(1, 3), r"floats of shape \(N, 3\), N >= 2"),
        (torch.zeros(5, 2), r"floats of shape \(N, 3\), N >= 2"),
        (torch.zeros(5, 3, dtype=torch.int64), r"floating point, shape \(N, 3\), got torch.int64"),
    ],
)
def test_bad_points_are_refused(points, message):
    with pytest.raises(ValueError, match=f"orient_points: points must be {message}"):
        orient_points(points)


@pytest.mark.parametrize(
    ("undecided", "volume", "reliable"), [(0.1, 0.2, True), (0.5, 0.2, False), (0.1, 0.0, False), (0.6, 0.0, False)]
)
def test_an_orientation_is_reliable_if_it_encloses_a_volume_and_most_points_agree(undecided, volume, reliable):
    trust = OrientationTrust(unseen=0.3, overruled=0.3, undecided=undecided, volume=volume)
    assert trust.reliable is reliable
