import numpy as np
import pytest
import torch

from diffshape.fitting.surface.measured_points import MeasuredPoints

STEP = 0.05
GRID = torch.cartesian_prod(torch.arange(-10, 11), torch.arange(-10, 11), torch.tensor([0])).double() * STEP
SPACING = STEP * (np.pi * 2 / 8) ** 0.5
"""Spacing of the grid as its 8 neighbours tell it, the last of which are sqrt(2) steps away."""


def places(*rows):
    return torch.tensor(rows, dtype=torch.float64) * SPACING


def test_distances_are_in_spacings():
    near = MeasuredPoints.of(GRID, {}).near(places((0, 0, 0), (0, 0, 1), (0, 0, -3.5)))
    np.testing.assert_allclose(near.distances, [0, 1, 3.5], atol=1e-5)
    np.testing.assert_allclose(near.weights.sum(1), 1)


def test_a_sparse_part_has_a_larger_spacing_but_at_most_twice():
    far = torch.cartesian_prod(torch.arange(-2, 3), torch.arange(-2, 3), torch.tensor([1])).double()
    measured = MeasuredPoints.of(torch.cat([GRID, far * torch.tensor([0.4, 0.4, 9.0])]), {})
    np.testing.assert_allclose(
        measured.near(torch.tensor([[0.0, 0, 9.0 + 3 * SPACING]]).double()).distances, 1.5, rtol=1e-4
    )


def test_confidence_falls_from_that_of_the_points_to_0():
    measured = MeasuredPoints.of(GRID, {}, torch.full((len(GRID),), 0.8))
    told = measured.told_at(places((0, 0, 0), (0, 0, 1.4), (0, 0, 2.25), (0, 0, 3), (0, 0, 9)))
    np.testing.assert_allclose(told["confidence"], [0.8, 0.8, 0.4, 0, 0], atol=1e-4)
    assert told["confidence"].dtype == np.float32


def test_fractions_are_means_and_whole_numbers_those_of_the_nearest_point():
    x = GRID[:, 0].numpy() / SPACING
    side = (x > 0).astype(np.uint8)
    given = {
        "colors": np.stack([side * 255, np.full(len(x), 7), 255 - side * 255], axis=1).astype(np.uint8),
        "heat": x.astype(np.float32),
        "normal to": np.stack([x, -x], axis=1),
        "label": side * 9,
        "seen": side == 1,
    }
    step = STEP / SPACING
    told = MeasuredPoints.of(GRID, given).told_at(
        places((3 * step, 0, 0), (0.5 * step, 0.5 * step, 0), (0.6 * step, 0, 0))
    )
    assert {name: each.dtype for name, each in told.items() if name in given} == {
        name: each.dtype for name, each in given.items()
    }
    assert told["colors"][0].tolist() == [255, 7, 0]
    np.testing.assert_allclose(told["colors"][1].astype(int), [127.5, 7, 127.5], atol=0.5)  # between four points
    np.testing.assert_allclose(told["heat"], [3 * step, 0.5 * step, 0.6 * step], atol=0.2)
    np.testing.assert_allclose(told["normal to"], np.stack([told["heat"], -told["heat"]], axis=1), atol=1e-6)
    assert told["label"].tolist()[::2] == [9, 9]
    assert told["seen"].tolist()[::2] == [True, True]


def test_repeated_points_count_once_and_what_is_no_number_is_left_out():
    twice = torch.cat([GRID, GRID])
    names = np.array(["a"] * len(twice))
    stamps = np.full(len(twice), 1_700_000_000_000_000_000)  # nanoseconds, which a PLY file cannot hold
    measured = MeasuredPoints.of(twice, {"name": names, "row": np.arange(len(twice)), "time": stamps})
    assert len(measured.points) == len(GRID)
    assert measured.attributes.keys() == {"row"}
    np.testing.assert_array_equal(measured.attributes["row"], np.arange(len(GRID)))
    np.testing.assert_allclose(measured.near(places((0, 0, 2))).distances, 2, atol=1e-5)


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", ">f4", "f8", "u8", "b1", "f2", np.longdouble])
def test_tensors_keep_every_number(kind):
    given = np.arange(len(GRID)).astype(kind)
    measured = MeasuredPoints.of(GRID, {"a/b": given}, torch.rand(len(GRID)))
    again = MeasuredPoints.from_tensors(measured.tensors())
    np.testing.assert_array_equal(again.attributes["a/b"], given)
    assert torch.equal(again.confidence, measured.confidence)
    assert torch.equal(again.points, measured.points)


def test_two_points_and_no_place_are_answered():
    two = MeasuredPoints.of(torch.eye(3)[:2], {"heat": np.ones(2)})
    assert two.told_at(torch.zeros(0, 3))["heat"].shape == (0,)
    assert two.told_at(torch.eye(3))["heat"].tolist() == [1, 1, 1]
