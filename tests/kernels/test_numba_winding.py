"""Solid angles by hand, moments by definition, and the expansion against the sum over every triangle."""

import math

import numpy as np
import pytest

from diffshape.kernels.numba_bvh import build_bvh
from diffshape.kernels.numba_winding import CHUNK, cluster_moments, half_solid_angle, query_winding

CORNER = np.array([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]])  # seen from the origin: an octant


def soup(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 1, 3)) + 0.2 * rng.normal(size=(count, 3, 3))


def winding(triangles, queries, beta, free=None, order=None, tasks=None):
    bvh = build_bvh(triangles)
    moments = cluster_moments(bvh.triangles, len(bvh.boxes) // 2)
    order = np.arange(len(queries), dtype=np.int32) if order is None else order
    free, answers = np.zeros(len(queries)) if free is None else free, np.full(len(queries), np.nan)
    for task in range(-(-len(queries) // CHUNK)) if tasks is None else tasks:
        query_winding(task, bvh.triangles, moments, beta, queries, order, free, answers)
    return answers


def test_an_octant_and_its_sign():
    assert half_solid_angle(CORNER, 0, 0.0, 0.0, 0.0) == pytest.approx(4 * math.pi / 8 / 2)
    assert half_solid_angle(CORNER[:, ::-1].copy(), 0, 0.0, 0.0, 0.0) == pytest.approx(-4 * math.pi / 8 / 2)
    assert half_solid_angle(CORNER, 0, 2.0, 2.0, 2.0) < 0  # seen from the front


def test_from_the_middle_of_a_tetrahedron_and_of_a_cube():
    tetrahedron = np.array([[[1.0, 1, 1], [-1, -1, 1], [1, -1, -1]]])
    assert abs(half_solid_angle(tetrahedron, 0, 0.0, 0.0, 0.0)) == pytest.approx(4 * math.pi / 4 / 2)
    half_side = np.array([[[-1.0, -1, 1], [1, -1, 1], [1, 1, 1]]])
    assert half_solid_angle(half_side, 0, 0.0, 0.0, 0.0) == pytest.approx(4 * math.pi / 12 / 2)


def test_close_to_a_face_it_is_half_of_all_directions():
    x, y, z = CORNER[0].mean(axis=0)
    for step, expected in ((-1e-9, math.pi), (1e-9, -math.pi)):
        assert half_solid_angle(CORNER, 0, x + step, y + step, z + step) == pytest.approx(expected, abs=1e-6)


def test_in_the_plane_on_an_edge_on_a_corner_and_without_area_it_is_zero():
    flat = np.array([[[0.0, 0, 0], [4, 0, 0], [0, 4, 0]]])
    for point in ((1.0, 1, 0), (2.0, 0, 0), (2.0, 2, 0), (0.0, 0, 0), (4.0, 0, 0), (9.0, 9, 0), (-1.0, 0, 0)):
        assert half_solid_angle(flat, 0, *point) == 0
    for needle in ([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]], [[0.0, 0, 0], [0, 0, 0], [1, 2, 3]], [[1.0, 1, 1]] * 3):
        assert half_solid_angle(np.array([needle]), 0, 0.3, 5.0, -2.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("count", [1, 5, 100])
def test_moments_are_those_of_the_triangles_under_each_node(count):
    bvh = build_bvh(soup(count))
    leaves = len(bvh.boxes) // 2
    moments = cluster_moments(bvh.triangles, leaves)
    for node in range(1, 2 * leaves):
        level = node.bit_length() - 1
        place = node - (1 << level)
        part = bvh.triangles[place * count >> level : (place + 1) * count >> level]
        normals = np.cross(part[:, 1] - part[:, 0], part[:, 2] - part[:, 0]) / 2
        areas = np.linalg.norm(normals, axis=1)
        centre = areas @ part.mean(axis=1) / areas.sum()
        np.testing.assert_allclose(moments[node, :3], centre, atol=1e-12)
        np.testing.assert_allclose(moments[node, 3], ((part - centre) ** 2).sum(-1).max(), rtol=1e-12)
        np.testing.assert_allclose(moments[node, 4:7], normals.sum(axis=0), atol=1e-12)
        first = np.einsum("fi,fj->ij", normals, part.mean(axis=1) - centre)
        first = (first + first.T) / 2
        expected = first[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
        np.testing.assert_allclose(moments[node, 7:13], expected, atol=1e-12)
        arms = part - centre  # the integral of x x over a triangle: corners 1/12 each, centroid 9/12
        spread = np.einsum("fci,fcj->fij", arms, arms) / 12 + 0.75 * np.einsum(
            "fi,fj->fij", arms.mean(axis=1), arms.mean(axis=1)
        )
        second = np.einsum("fi,fjk->ijk", normals, spread)
        second = (second + second.transpose(1, 0, 2) + second.transpose(2, 1, 0)) / 3
        rows = ["000", "111", "222", "001", "002", "110", "112", "220", "221", "012"]
        i, j, k = (np.array([int(row[axis]) for row in rows]) for axis in range(3))
        np.testing.assert_allclose(moments[node, 13:], second[i, j, k], atol=1e-12)


def test_what_is_left_out_falls_with_the_fifth_power_of_the_distance():
    """A dipole's angle falls with the square; terms to second order in size over distance are kept."""
    triangles, errors = soup(4), []
    for distance in (40.0, 80.0):
        query = np.array([[distance, 0.0, 0.0]])
        errors.append(abs(winding(triangles, query, 1.0)[0] - winding(triangles, query, math.inf)[0]))
    assert errors[0] / errors[1] == pytest.approx(2**5, rel=0.1)


@pytest.mark.parametrize("beta", [1.4, 2.0, 4.0])
def test_the_expansion_stays_close_to_the_sum(beta):
    triangles, queries = soup(3000, seed=1), 2 * np.random.default_rng(2).normal(size=(500, 3))
    exact = winding(triangles, queries, math.inf)
    assert np.abs(winding(triangles, queries, beta) - exact).max() < {1.4: 0.05, 2.0: 0.01, 4.0: 1e-3}[beta]
    singly = [
        sum(half_solid_angle(triangles, i, *query) for i in range(3000)) / (2 * math.pi) for query in queries[:20]
    ]
    np.testing.assert_allclose(exact[:20], singly, atol=1e-11)


def test_a_task_answers_its_part_of_the_order_only():
    triangles, queries = soup(20), np.random.default_rng(1).normal(size=(CHUNK + 5, 3))
    order = np.arange(len(queries), dtype=np.int32)[::-1].copy()
    answers = winding(triangles, queries, 2.0, order=order, tasks=[1])
    assert np.isnan(answers[5:]).all()
    assert np.array_equal(answers[:5], winding(triangles, queries[:5], 2.0))


def test_a_neighbour_within_either_ball_is_copied_and_no_other():
    queries = np.array([[0.0, 0, 0], [0.1, 0, 0], [0.4, 0, 0], [0.5, 0, 0]])
    alone = winding(CORNER, queries, math.inf)
    assert len(set(alone)) == 4
    for free, copied in (
        ((0.2, 0, 0, 0), {1}),
        ((0, 0.2, 0, 0), {1}),
        ((0, 0.31, 0, 0.2), {1, 2, 3}),
        ((0.1, 0, 0, 0), set()),
    ):
        found = winding(CORNER, queries, math.inf, free=np.array(free, np.float64))
        for i in range(4):
            assert found[i] == (found[i - 1] if i in copied else alone[i])
