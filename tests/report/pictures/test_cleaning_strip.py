from importlib import import_module

import numpy as np
import pytest
import torch

from diffshape.fitting import CleanScan
from diffshape.report import cleaning_strip
from diffshape.report.pictures.gallery import GAP

SIZE = 120


@pytest.fixture(scope="module")
def ball():
    """Points of a sphere, of which the first is far away, and what was made of them."""
    normals = np.random.default_rng(0).normal(size=(2000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    points, outliers = normals.copy(), np.arange(2000) == 0
    points[0] = 1e20
    normals[0] = 0
    return points, cleaned(points, normals, outliers)


def cleaned(points, normals, outliers, spacing=0.08):
    number = np.zeros(len(points))
    return CleanScan(points, normals, number, number, 0.0, spacing, outliers, True)


def panels(picture):
    """The two panels, in which a shape, which has a colour, is True."""
    sides = [picture[GAP : GAP + SIZE, left : left + SIZE] for left in (GAP, 2 * GAP + SIZE)]
    return [np.ptp(side.astype(int), axis=2) > 12 for side in sides]


def reddish(picture):
    """Share of pixels that are more red than blue in the panel of the cleaned points."""
    side = picture[GAP : GAP + SIZE, 2 * GAP + SIZE : 2 * GAP + 2 * SIZE].astype(int)
    return (side[..., 0] > side[..., 2] + 20).mean()


def test_both_panels_show_the_shape_at_one_scale_whatever_is_far_away(ball):
    before, after = panels(cleaning_strip(*ball, size=SIZE))
    assert 0.28 < before.mean() < 0.42  # the disc of a ball whose box fills the panel
    assert after.mean() == pytest.approx(before.mean(), abs=0.05)


def test_normals_that_point_inside_are_red(ball):
    points, scan = ball
    assert reddish(cleaning_strip(points, scan, size=SIZE)) < 0.01
    assert reddish(cleaning_strip(points, cleaned(points, -scan.normals, scan.outliers), size=SIZE)) > 0.25


def test_torch_and_rows_that_are_not_finite_are_drawn_alike(ball):
    points, scan = ball
    broken = np.concatenate([points, [[np.nan] * 3]])
    normals, outliers = np.concatenate([scan.normals, np.zeros((1, 3))]), np.append(scan.outliers, True)
    lost = cleaned(torch.from_numpy(broken), torch.from_numpy(normals), torch.from_numpy(outliers))
    expected = cleaning_strip(points, scan, size=SIZE)
    assert (cleaning_strip(torch.from_numpy(broken), lost, size=SIZE) == expected).all()


def test_of_many_points_some_are_drawn_and_leave_no_gaps(ball, monkeypatch):
    whole = cleaning_strip(*ball, size=SIZE)
    monkeypatch.setattr(import_module("diffshape.report.pictures.cleaning_strip"), "SHOWN", 500)
    after = panels(cleaning_strip(*ball, size=SIZE))[1]
    assert after.mean() == pytest.approx(panels(whole)[1].mean(), abs=0.05)
    rows, columns = after.nonzero()
    inner = after[rows.min() + 20 : rows.max() - 20, columns.min() + 20 : columns.max() - 20]
    assert inner.mean() > 0.97


def test_outliers_alone_are_drawn_as_they_were_scanned(ball):
    points, scan = ball
    none = cleaned(points, 0 * scan.normals, scan.outliers | True)
    before, after = panels(cleaning_strip(points, none, size=SIZE))
    assert before.any()
    assert not after.any()


def test_a_scan_of_another_length_is_refused(ball):
    with pytest.raises(
        ValueError, match=r"cleaning_strip: points must be the \(2000, 3\) that were cleaned, got \(5, 3\)"
    ):
        cleaning_strip(ball[0][:5], ball[1])
