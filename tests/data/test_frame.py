import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import Frame, find_outliers, read_points
from diffshape.data.synthetic.objects import procedural_object
from diffshape.data.synthetic.scans import simulate_scan

TORUS = procedural_object("torus").mesh(48)


def plain_box(points):
    low, high = points.min(axis=0), points.max(axis=0)
    return Frame(tuple(((low + high) / 2).tolist()), float((high - low).max()))


@given(st.integers(2, 400), st.integers(0, 2**32 - 1), st.floats(-6, 6), st.floats(-1e3, 1e3))
@settings(max_examples=40, deadline=None)
def test_clean_clouds_have_their_plain_box(n, seed, exponent, shift):
    points = np.random.default_rng(seed).random((n, 3)) * 10**exponent + shift
    assert Frame.of(points) == plain_box(points)


@pytest.mark.parametrize("options", [{}, {"noise": 0.01}, {"noise": 0.03, "unevenness": 3.0}, {"unevenness": 4.0}])
@pytest.mark.parametrize("n", [300, 5000])
def test_scans_without_strays_have_their_plain_box(n, options):
    points = simulate_scan(TORUS, n, **options)
    assert Frame.of(points) == plain_box(points)


@pytest.mark.parametrize("distance", [1.0, 10.0, 1e6])
@pytest.mark.parametrize("strays", [1, 3])
def test_far_strays_do_not_move_the_box(distance, strays):
    points = simulate_scan(TORUS, 5000)
    far = np.array([[1.0, 0.3, 0.2], [-0.9, 1.1, 0.5], [0.1, -0.3, 1.4]])[:strays] * (0.5 + distance)
    assert Frame.of(np.vstack([far, points])) == plain_box(points)
    assert find_outliers(np.vstack([far, points])).nonzero()[0].tolist() == list(range(strays))


def test_the_box_holds_with_one_percent_of_strays():
    points = simulate_scan(TORUS, 30_000, outliers=0.01, seed=1)
    assert plain_box(points).scale > 1.4
    assert Frame.of(points).scale == pytest.approx(1.0, abs=0.2)


def test_large_clouds_are_sampled():
    points = np.vstack([np.random.default_rng(0).random((150_000, 3)), [[9.0, 9.0, 9.0]]])
    assert find_outliers(points).nonzero()[0].tolist() == [150_000]
    assert Frame.of(points) == plain_box(points[:-1])


def test_a_second_body_is_no_outlier():
    points = np.vstack([TORUS.vertices, TORUS.vertices[:100] + 50])
    assert not find_outliers(points).any()


def test_factor_acts():
    points = np.vstack([simulate_scan(TORUS, 5000), [[0.8, 0.0, 0.0]]])
    assert find_outliers(points).sum() == 1
    assert find_outliers(points, factor=1000.0).sum() == 0


@pytest.mark.parametrize("zeros", [1, 8, 9, 500, 20_000])
def test_rows_of_zeros_do_not_move_the_box(zeros):
    """What depth cameras store where they saw nothing: one place, however often."""
    points = 0.1 * simulate_scan(TORUS, 3000) + [0, 0, 0.6]
    rows = np.vstack([points, np.zeros((zeros, 3))])
    assert Frame.of(rows) == plain_box(points)
    assert find_outliers(rows).nonzero()[0].tolist() == list(range(3000, 3000 + zeros))


def test_repeated_points_are_not_dense():
    points = simulate_scan(TORUS, 2000)
    rows = np.vstack([points, np.repeat(points[:100], 50, axis=0), [[3.0, 0.0, 0.0]]])
    assert find_outliers(rows).nonzero()[0].tolist() == [len(rows) - 1]
    assert Frame.of(rows) == plain_box(points)


def test_many_duplicates_are_no_reason_to_drop_the_rest():
    points = np.vstack([np.zeros((1000, 3)), np.random.default_rng(0).random((200, 3))])
    assert Frame.of(points) == plain_box(points)
    assert not find_outliers(np.zeros((100, 3))).any()
    assert not find_outliers(np.zeros((0, 3))).any()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_there_and_back(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(20, 3)) * 10 ** rng.uniform(-3, 3) + rng.normal(size=3)
    frame = Frame.of(points)
    unit = frame.to_unit(points)
    assert np.abs(unit).max() <= 0.5 + 1e-12
    assert np.ptp(unit, axis=0).max() == pytest.approx(1)
    assert np.allclose(frame.from_unit(unit), points, rtol=1e-12, atol=1e-12 * frame.scale)
    assert np.allclose(
        frame.distances_to_unit(np.linalg.norm(points[:1] - points, axis=1)), np.linalg.norm(unit[:1] - unit, axis=1)
    )
    assert frame.distances_from_unit(frame.distances_to_unit(np.ones(3))) == pytest.approx(np.ones(3))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_type_and_precision_are_kept(dtype):
    frame = Frame((1e6, -1e6, 0.0), 2.0)
    array = np.array([[[1e6 + 1, -1e6, 0.5]]], dtype)
    for points, kind in [(array, np.ndarray), (torch.tensor(array), torch.Tensor)]:
        unit = frame.to_unit(points)
        assert type(unit) is kind
        assert unit.dtype == points.dtype
        assert unit.tolist() == [[[0.5, 0.0, 0.25]]]
        assert frame.from_unit(unit).tolist() == points.tolist()
        assert frame.from_unit(unit).dtype == points.dtype


def test_gradients_pass():
    points = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    Frame((1.0, 2.0, 3.0), 4.0).to_unit(points).sum().backward()
    assert torch.equal(points.grad, torch.full((2, 3), 0.25, dtype=torch.float64))


def test_dict_round_trip():
    frame = Frame.of(TORUS.vertices / 3)
    assert Frame.from_dict(frame.to_dict()) == frame


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Frame.of(np.zeros((5, 3))), "all 5 points are in one place"),
        (lambda: Frame.of(np.zeros((0, 3))), "at least one"),
        (lambda: Frame.of([[0, 0, np.nan], [1, 1, 1]]), "must be finite"),
        (lambda: Frame.of(np.zeros((5, 2))), r"Frame.of: points must have shape \(N, 3\), got \(5, 2\)"),
        (lambda: Frame((0.0, 0.0, 0.0), 0.0), "scale must be positive"),
        (lambda: Frame((0.0, np.inf, 0.0), 1.0), "three finite numbers"),
        (
            lambda: Frame((0.0, 0.0, 0.0), 1.0).to_unit(np.zeros((3, 2))),
            r"to_unit: points must have shape \(\.\.\., 3\)",
        ),
        (lambda: Frame.from_dict({"center": [0, 0, 0]}), "keys center and scale"),
        (lambda: Frame.from_dict({"center": 1, "scale": 1}), "center must be three numbers"),
        (lambda: Frame.from_dict({"center": [0, 0], "scale": 1}), "not enough values|three numbers"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.shared_data
def test_real_scans_have_their_plain_box(shared):
    scans = [
        *sorted((shared / "data" / "scans").glob("*_0.01.ply")),
        *sorted((shared / "data" / "abc").glob("*scan.ply")),
    ]
    assert len(scans) >= 12
    for path in scans:
        points = read_points(path).points
        assert Frame.of(points) == plain_box(points)
