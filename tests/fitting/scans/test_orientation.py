"""How reliable an orientation is."""

import pytest
import torch

from diffshape.fitting.scans.orientation import OrientationTrust, trust_in
from diffshape.ops import orient_points


def trust_of(points):
    oriented = orient_points(points)
    return trust_in(oriented, oriented.winding(points).volume)


@pytest.mark.parametrize("noise", [0.0, 0.005])
@pytest.mark.parametrize("shape", ["sphere", "torus", "slab"])
def test_solids_are_trusted(clouds, shape, noise):
    points, _ = getattr(clouds, shape)()
    trust = trust_of(clouds.noisy(points, noise))
    assert trust.unseen < 0.1
    assert trust.overruled < 0.01
    assert trust.undecided < 0.1
    assert trust.reliable


def test_a_plate_thinner_than_twice_the_spacing_is_trusted(clouds):
    """Behind its points, 1.5 spacings away, the outside begins again."""
    points, truth = clouds.slab(8000, thickness=0.024)
    oriented = orient_points(points, normals=truth)
    assert 1.6 * oriented.spacing > 0.024
    assert ((oriented.normals * truth).sum(1) > 0).double().mean() > 0.99
    trust = trust_in(oriented, oriented.winding(points).volume)
    assert trust.undecided < 0.3
    assert trust.reliable


def test_a_hidden_hollow_is_reported_unseen(clouds):
    points, truth = clouds.nested_spheres()
    oriented = orient_points(points)
    assert (oriented.normals * truth).sum(1).min() > 0
    assert trust_in(oriented, 1.0).unseen == pytest.approx(0.2, abs=0.01)


def test_one_sided_scan_of_a_ball_closes(clouds):
    """Only the upper two thirds were scanned; what was seen is right, and the inside stays near the ball."""
    points, truth = clouds.sphere(4000)
    seen = points[:, 2] > -0.17
    oriented = orient_points(points[seen])
    assert ((oriented.normals * truth[seen]).sum(1) > 0).double().mean() > 0.995
    winding = oriented.winding(points[seen])
    assert 0.25 < winding.volume < 0.6  # the ball has 0.52, its seen part 0.39
    places = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.4], [0.0, 0.0, -0.6], [0.0, 0.6, 0.0]])
    assert winding.inside(places).tolist() == [True, True, False, False]


def test_planar_patch_is_seen_from_both_sides_and_is_not_trusted(clouds):
    points = torch.rand(1000, 3, generator=clouds.generator(), dtype=torch.float64) - 0.5
    points[:, 2] = 0
    assert orient_points(points).normals[:, 2].abs().mean() > 0.8
    trust = trust_of(points)
    assert trust.overruled > 0.2
    assert trust.undecided > 0.6
    assert not trust.reliable


def test_trust_falls_for_a_cloud_without_a_surface(clouds):
    points = torch.rand(3000, 3, generator=clouds.generator(), dtype=torch.float64) - 0.5
    trust = trust_of(points)
    assert trust.unseen > 0.05
    assert trust.undecided > 0.2


@pytest.mark.parametrize(
    ("undecided", "volume", "reliable"), [(0.1, 0.2, True), (0.5, 0.2, False), (0.1, 0.0, False), (0.6, 0.0, False)]
)
def test_an_orientation_is_reliable_if_it_encloses_a_volume_and_most_points_agree(undecided, volume, reliable):
    trust = OrientationTrust(unseen=0.3, overruled=0.3, undecided=undecided, volume=volume)
    assert trust.reliable is reliable
