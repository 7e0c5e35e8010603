import warnings
from importlib import import_module

import numpy as np
import pytest
import torch

from diffshape._tensor_files import write_tensors
from diffshape.data import PointCloud, icosphere, read_points, write_points
from diffshape.fitting import CleanScan, clean_scan
from diffshape.fitting.scans.orientation import OrientationTrust
from diffshape.fitting.scans.prior.clean import Cleaned
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.scan_prior import ScanPrior
from diffshape.metrics import compare_cloud_to_surface

CENTER, RADIUS, NOISE = np.array([10.0, -5.0, 3.0]), 2.0, 0.05

EXACT = 1e-4
"""Largest error of a length that rounding to single precision in the unit frame may bring: 1/500 of the noise."""


@pytest.fixture(scope="module")
def noisy_ball(directions):
    """2,000 points of a sphere with noise of a fortieth of its radius, of which the first is far away."""
    points = CENTER + RADIUS * directions(2000) + NOISE * np.random.default_rng(1).normal(size=(2000, 3))
    points[0] = CENTER + np.array([0, 0, 3 * RADIUS])
    return points


@pytest.fixture(scope="module")
def cleaned(noisy_ball):
    return clean_scan(noisy_ball)


def distances(points):
    """Distances of points from the sphere, by which the first, far away, is left out."""
    return np.abs(np.linalg.norm(points[1:] - CENTER, axis=1) - RADIUS)


@pytest.fixture
def prior(monkeypatch):
    """Puts a function in the place of the prior, which gets the points in the unit frame."""

    def put(answer):
        module = import_module("diffshape.fitting.clean_scan")
        monkeypatch.setattr(module, "cleaned", lambda prior, points, noise: answer(points))

    return put


def moved_out(points):
    """An answer in which every point moved by 0.01 of the frame, with errors that differ from row to row."""
    outward = torch.nn.functional.normalize(points, dim=1)
    number = torch.arange(len(points), dtype=points.dtype)
    return Cleaned(points + 0.01 * outward, outward, 0.001 * number, 0.002 + 0 * number, number < 0)


# the surface


def test_points_come_closer_to_the_surface(noisy_ball, cleaned):
    assert distances(cleaned.points).mean() < 0.7 * distances(noisy_ball).mean()


def test_noise_spacing_and_error_are_in_the_unit_of_the_scan(cleaned):
    assert 0.5 * NOISE < cleaned.noise < 2 * NOISE
    square = np.sqrt(4 * np.pi / 2000) * RADIUS  # the side of the square that each point stands for
    assert 0.7 * square < cleaned.spacing < 1.4 * square
    error = np.median(cleaned.error[~cleaned.outliers])
    assert 0.1 * distances(cleaned.points).mean() < error < 10 * distances(cleaned.points).mean()


def test_normals_have_length_1_and_point_outside(cleaned):
    outward = (cleaned.points - CENTER) / np.linalg.norm(cleaned.points - CENTER, axis=1, keepdims=True)
    assert cleaned.oriented
    np.testing.assert_allclose(np.linalg.norm(cleaned.normals[1:], axis=1), 1, atol=1e-6)
    assert ((cleaned.normals * outward)[1:].sum(axis=1) > 0).mean() > 0.99


def test_an_outlier_is_marked_and_stays_where_it_is(noisy_ball, cleaned):
    assert cleaned.outliers[0]
    assert cleaned.outliers.mean() < 0.01
    assert (cleaned.points[cleaned.outliers] == noisy_ball[cleaned.outliers]).all()
    assert (cleaned.normals[cleaned.outliers] == 0).all()
    assert (cleaned.confidence[cleaned.outliers] == 0).all()


def test_confidence_falls_as_the_error_grows(prior, ball):
    prior(moved_out)
    scan = clean_scan(ball)
    order = np.argsort(scan.error)
    assert scan.error[order[0]] == 0
    assert scan.confidence[order[0]] == 1
    assert (np.diff(scan.confidence[order]) < 0).all()
    at_spacing = np.interp(scan.spacing, scan.error[order], scan.confidence[order])
    assert at_spacing == pytest.approx(0.5, abs=0.01)


def test_points_without_noise_stay_where_they_are(ball):
    scan = clean_scan(ball)
    assert (scan.points == ball).all()
    assert scan.noise < 0.1 * scan.spacing


@pytest.mark.parametrize("noise", [0, 0.0, np.float32(0)])
def test_no_point_moves_where_the_noise_is_given_as_0(noisy_ball, noise):
    scan = clean_scan(noisy_ball, noise=noise)
    assert scan.noise == 0
    assert (scan.points == noisy_ball).all()
    assert (np.linalg.norm(scan.normals[1:], axis=1) > 0.99).all()


def test_a_given_noise_is_taken_for_the_estimate(noisy_ball, monkeypatch):
    heard = []

    def answer(prior, points, noise):
        heard.append(noise)
        return moved_out(points)

    monkeypatch.setattr(import_module("diffshape.fitting.clean_scan"), "cleaned", answer)
    assert clean_scan(noisy_ball, noise=0.03).noise == 0.03
    assert heard[0] == pytest.approx(0.03 / (2 * RADIUS), rel=0.05)  # in the frame, whose longest side is 1
    clean_scan(noisy_ball)
    assert heard[1] is None


def test_the_prior_is_asked_in_the_unit_frame(prior, ball):
    asked = []

    def answer(points):
        asked.append(points)
        return moved_out(points)

    prior(answer)
    scan = clean_scan(1000 * ball)
    assert float(asked[0].abs().max()) <= 0.51
    np.testing.assert_allclose(np.linalg.norm(scan.points - 1000 * CENTER, axis=1), 1000 * 1.02 * RADIUS, rtol=1e-3)
    assert scan.noise == pytest.approx(0.002 * 2 * 1000 * RADIUS, rel=1e-2)
    assert scan.error.max() == pytest.approx(0.001 * (len(ball) - 1) * 2 * 1000 * RADIUS, rel=1e-2)


def test_sides_that_are_not_known_are_not_claimed(ball, monkeypatch):
    assert clean_scan(ball).oriented
    monkeypatch.setattr(OrientationTrust, "reliable", False)
    scan = clean_scan(ball)
    assert not scan.oriented
    assert "sides of normals unknown" in repr(scan)


def test_a_large_scan_gets_its_sides_from_a_part_of_it(ball, monkeypatch):
    whole = clean_scan(ball)
    monkeypatch.setattr(import_module("diffshape.fitting.clean_scan"), "ORIENTED_POINTS", 500)
    monkeypatch.setattr(import_module("diffshape.fitting.clean_scan"), "BLOCK", 400)
    part = clean_scan(ball)
    assert part.oriented
    assert (part.normals == whole.normals).all()
    assert part.spacing == pytest.approx(whole.spacing, rel=0.2)


# rows


def test_rows_stay_in_their_order(noisy_ball, cleaned):
    order = np.random.default_rng(2).permutation(len(noisy_ball))
    shuffled = clean_scan(noisy_ball[order])
    for name in ("points", "normals", "confidence", "error", "outliers"):
        assert (getattr(shuffled, name) == getattr(cleaned, name)[order]).all()


def test_repeated_points_get_one_answer(noisy_ball, cleaned):
    twice = clean_scan(np.repeat(noisy_ball, [1, *[3] * 100, *[1] * 1899], axis=0))
    assert len(twice) == 2200
    assert (twice.points[1:301:3] == twice.points[3:301:3]).all()
    assert (twice.points[-1899:] == cleaned.points[-1899:]).all()
    assert twice.noise == cleaned.noise


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e31])
def test_rows_that_are_not_finite_are_marked(noisy_ball, cleaned, bad):
    broken = np.insert(noisy_ball, [3, 700], [[bad, 0, 0], [0, bad, 0]], axis=0)
    scan = clean_scan(broken)
    lost = np.isin(np.arange(2002), [3, 701])
    np.testing.assert_array_equal(scan.points[lost], broken[lost])
    assert scan.outliers[lost].all()
    assert (scan.normals[lost] == 0).all()
    assert (scan.confidence[lost] == 0).all()
    assert (scan.error[lost] == np.inf).all()
    assert (scan.points[~lost] == cleaned.points).all()
    assert (scan.confidence[~lost] == cleaned.confidence).all()


# kinds


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_numpy_gives_numpy_of_its_type(noisy_ball, dtype):
    scan = clean_scan(noisy_ball.astype(dtype))
    for name in ("points", "normals", "confidence", "error"):
        assert getattr(scan, name).dtype == dtype
    assert scan.outliers.dtype == bool
    assert isinstance(scan.noise, float)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_torch_gives_torch_of_its_type_without_gradient(noisy_ball, dtype):
    scan = clean_scan(torch.tensor(noisy_ball, dtype=dtype, requires_grad=True))
    for name in ("points", "normals", "confidence", "error"):
        assert getattr(scan, name).dtype == dtype
        assert not getattr(scan, name).requires_grad
    assert scan.outliers.dtype == torch.bool
    assert repr(scan).startswith("CleanScan(2,000 points, noise ")


def test_float32_of_noise_0_keeps_its_bits(ball):
    far = (ball + np.array([5e5, 4e6, 300])).astype(np.float32)
    assert (clean_scan(far, noise=0).points == far).all()


def test_a_scan_far_from_0_loses_nothing(noisy_ball, cleaned):
    shift = np.array([500_000.0, 4_000_000.0, 300.0])
    far = clean_scan(noisy_ball + shift)
    np.testing.assert_allclose(far.points - shift, cleaned.points, atol=EXACT)
    assert far.noise == pytest.approx(cleaned.noise, rel=1e-3)


def test_whatever_holds_points_is_taken(ball, tmp_path):
    write_points(tmp_path / "ball.ply", ball)
    expected = clean_scan(ball).normals
    for given in (tmp_path / "ball.ply", str(tmp_path / "ball.ply"), PointCloud(ball, attributes={"x": ball[:, 0]})):
        scan = clean_scan(given)
        assert scan.points.dtype == np.float64
        assert (scan.normals == expected).all()
    assert (clean_scan(ball.tolist()).normals == expected).all()


def test_a_mesh_is_drawn_from():
    assert len(clean_scan(icosphere(1))) == 30_000


# laws


def test_turned_moved_and_scaled_scans_are_cleaned_alike(noisy_ball, cleaned):
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    other = clean_scan(25.4 * noisy_ball @ turn.T + [3, 2, 1])
    np.testing.assert_allclose(other.points, 25.4 * cleaned.points @ turn.T + [3, 2, 1], atol=25.4 * EXACT)
    np.testing.assert_allclose(np.abs((other.normals @ turn * cleaned.normals)[1:].sum(axis=1)), 1, atol=1e-4)
    apart = np.abs(other.error / (25.4 * cleaned.error) - 1)
    assert np.median(apart) < 1e-3  # but where rounding tells on which side of a point its neighbours are
    assert apart.max() < 0.1
    np.testing.assert_allclose(other.confidence, cleaned.confidence, rtol=1e-3)
    assert other.noise == pytest.approx(25.4 * cleaned.noise, rel=1e-3)
    assert (other.outliers == cleaned.outliers).all()


def test_one_thread_or_two_give_the_same_bits(noisy_ball, cleaned):
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            scan = clean_scan(noisy_ball)
            for name in ("points", "normals", "confidence", "error", "outliers"):
                assert (getattr(scan, name) == getattr(cleaned, name)).all()
    finally:
        torch.set_num_threads(before)


# edges


@pytest.mark.parametrize("count", [4, 5, 9])
def test_a_handful_of_points_gets_finite_answers(directions, count):
    scan = clean_scan(directions(count))
    for name in ("points", "normals", "confidence", "error"):
        assert np.isfinite(getattr(scan, name)).all()


def test_all_outliers_are_an_answer_too(prior, ball):
    prior(lambda points: moved_out(points)._replace(points=points, outliers=torch.ones(len(points)) > 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan = clean_scan(ball)
    assert scan.outliers.all()
    assert (scan.confidence == 0).all()
    assert scan.noise == 0
    assert not scan.oriented


@pytest.mark.parametrize("far", [1e10, 1e25])
def test_a_point_at_the_end_of_the_world_is_an_outlier_that_keeps_its_bits(noisy_ball, cleaned, far):
    scan = clean_scan(np.concatenate([noisy_ball, [[far, -far, 0]]]))
    assert scan.outliers[-1]
    assert (scan.points[-1] == [far, -far, 0]).all()
    np.testing.assert_allclose(scan.points[:-1], cleaned.points, atol=EXACT)
    assert scan.oriented


def test_points_that_are_one_in_single_precision_are_an_answer_too():
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1e-12, 0]])
    scan = clean_scan(corners)
    assert np.isfinite(scan.normals).all()
    assert np.isfinite(scan.points).all()


def test_a_dense_speck_in_a_scan_is_no_trouble(ball):
    speck = ball[0] + 1e-7 * np.random.default_rng(0).normal(size=(3000, 3))
    assert np.isfinite(clean_scan(np.concatenate([ball, speck])).normals).all()


def test_a_plane_is_cleaned():
    xy = np.random.default_rng(0).random((600, 2))
    scan = clean_scan(np.column_stack([xy, 0 * xy[:, 0]]))
    np.testing.assert_allclose(
        np.abs(scan.normals[~scan.outliers]), [[0, 0, 1]] * int((~scan.outliers).sum()), atol=5e-3
    )


@pytest.mark.parametrize("bad", [np.zeros((5, 2)), np.zeros(3), np.zeros((2, 5, 3)), "text"])
def test_another_shape_is_refused(bad):
    with pytest.raises((ValueError, OSError), match=r"clean_scan: points|text"):
        clean_scan(bad)


@pytest.mark.parametrize("bad", [np.ones((9, 3)), np.eye(3), np.full((9, 3), np.nan)])
def test_what_is_no_shape_is_refused(bad):
    with pytest.raises(ValueError, match=r"clean_scan: points.*a shape needs at least 4"):
        clean_scan(bad)


def test_a_line_is_refused():
    with pytest.raises(ValueError, match="all points of clean_scan: points lie on one line; there is no surface"):
        clean_scan(np.arange(30.0)[:, None] * [1, 2, 3])


@pytest.mark.parametrize("noise", [-0.1, np.inf, np.nan])
def test_a_noise_out_of_range_is_refused(ball, noise):
    with pytest.raises(ValueError, match="clean_scan: noise must be a number of 0 or more, got"):
        clean_scan(ball, noise=noise)


def test_a_device_is_one_that_is_there(ball):
    with pytest.raises(ValueError, match="clean_scan: device must be"):
        clean_scan(ball, device="gpu")


def test_its_text_is_one_line(cleaned):
    assert repr(cleaned).startswith("CleanScan(2,000 points, noise 0.0")
    assert repr(cleaned).endswith(", 1 outlier, normals point outside)")
    assert isinstance(cleaned, CleanScan)


def test_another_prior_cleans_in_its_own_way(noisy_ball, cleaned, tmp_path):
    prior = ScanPrior(PriorConfig(passes=1))
    with torch.no_grad():
        prior.passes[0].surface.bias[4] = -5  # no point is an outlier
    prior.save(tmp_path / "model")
    other = clean_scan(noisy_ball, prior=tmp_path)
    assert not np.allclose(other.points, cleaned.points, atol=1e-4 * RADIUS)
    assert distances(other.points).mean() < distances(noisy_ball).mean()


def test_a_prior_that_is_none_is_refused(noisy_ball, tmp_path):
    with pytest.raises(FileNotFoundError):
        clean_scan(noisy_ball, prior=tmp_path)
    write_tensors(tmp_path / "model.safetensors", {"weight": torch.ones(2)})
    with pytest.raises(ValueError, match="must hold a scan prior of version 1, got None"):
        clean_scan(noisy_ball, prior=tmp_path)


def test_a_noise_longer_than_the_scan_is_refused(noisy_ball):
    with pytest.raises(ValueError, match=r"noise must be at most the longest side of the scan, [\d.]+, got 1000"):
        clean_scan(noisy_ball, noise=1000)


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "earlier"), [("spot_0.005", 0.000859), ("fandisk_0.005", 0.000772), ("spot_sparse", 0.002382)]
)
def test_real_scans_come_nearer_to_the_truth_than_by_adaptive_quadrics(shared, name, earlier):
    """Shapes that nothing was learnt from; ``earlier`` is the mean distance that the smoothing before gave."""
    data = shared / "data"
    truth = data / "meshes" / f"{name.split('_')[0]}.ply"
    scan = clean_scan(data / "scans" / f"{name}.ply")
    score = compare_cloud_to_surface(scan.points[~scan.outliers], truth, samples=100)
    assert score.accuracy / score.longest_side < 0.9 * earlier


@pytest.mark.slow
@pytest.mark.shared_data
def test_a_real_scan_without_noise_stays_where_it_is(shared):
    scan = clean_scan(shared / "data" / "scans" / "armadillo_0.ply")
    assert (scan.points == read_points(shared / "data" / "scans" / "armadillo_0.ply").points).all()
