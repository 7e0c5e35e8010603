"""Moments by definition, clusters against the sum over every source, the same bits for any number of threads."""

import numpy as np
import pytest

from diffshape.kernels.numba_dipoles import (
    CHUNK,
    FAR,
    GROUP,
    LEAF,
    NEAR,
    build_clusters,
    cluster_moments,
    query_dipoles,
)
from diffshape.kernels.numba_morton import morton_order
from diffshape.kernels.threads import run_tasks


def sources(count, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    points, charges, dipoles = rng.normal(size=(count, 3)), rng.normal(size=count), rng.normal(size=(count, 3))
    return points.astype(dtype), charges.astype(dtype), dipoles.astype(dtype)


def every_pair(points, charges, dipoles, queries, width):
    points, charges, dipoles, queries = (np.float64(each) for each in (points, charges, dipoles, queries))
    d = points - queries[:, None]
    reach = np.sqrt((d**2).sum(-1) + width**2)
    along = (d * dipoles).sum(-1)
    value = (charges / reach + along / reach**3).sum(1)
    pull = charges / reach**3 + 3 * along / reach**5
    return np.c_[value, (d * pull[..., None] - dipoles / reach[..., None] ** 3).sum(1)]


def evaluate(points, charges, dipoles, queries, width, beta, threads=1):
    clusters = build_clusters(points, np.ones(len(points), points.dtype), threads)
    order = clusters.tree.index[0]
    given = charges[order], dipoles[order]
    moments = cluster_moments(clusters, *given)
    values = np.full((len(queries), 4), np.nan, points.dtype)
    scalars = points.dtype.type(width**2), points.dtype.type(beta**2)
    places = queries, morton_order(queries), values
    tasks = -(-len(queries) // (CHUNK * GROUP))
    run_tasks(query_dipoles, tasks, clusters, moments, *given, *scalars, *places, threads=threads)
    return values


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("count", [1, LEAF + 1, 3 * NEAR])
def test_without_clusters_it_is_the_sum_over_every_source(dtype, tolerance, count):
    given, queries = sources(count, dtype), sources(GROUP + 3, dtype, seed=1)[0]
    expected = every_pair(*given, queries, 0.3)
    np.testing.assert_allclose(
        evaluate(*given, queries, 0.3, np.inf), expected, rtol=0, atol=tolerance * np.abs(expected).max()
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["charges", "dipoles"])
def test_clusters_come_nearer_to_the_sum_the_farther_away_they_are(dtype, kind):
    points, charges, dipoles = sources(4000, dtype)
    charges, dipoles = (charges, 0 * dipoles) if kind == "charges" else (0 * charges, dipoles)
    queries = sources(200, dtype, seed=1)[0]
    expected = every_pair(points, charges, dipoles, queries, 0.2)
    size = np.sqrt((expected**2).mean(axis=0))
    errors = [
        np.sqrt(((evaluate(points, charges, dipoles, queries, 0.2, beta) - expected) ** 2).mean(axis=0)) / size
        for beta in (1.0, 2.0, 4.0)
    ]
    assert (errors[1] < 0.05).all()
    assert (errors[2] < 0.01).all()
    assert (errors[1] < 0.5 * errors[0]).all()
    assert (errors[2] < 0.5 * errors[1]).all()


@pytest.mark.parametrize(("kind", "order"), [("charges", 3), ("dipoles", 2)])
def test_one_cluster_far_away_is_exact_to_its_order(kind, order):
    """Twice as far, the error relative to the leading term falls by 2^order."""
    points, charges, dipoles = sources(FAR, seed=2)
    charges, dipoles = (np.abs(charges), 0 * dipoles) if kind == "charges" else (0 * charges, dipoles + 1.0)
    errors = []
    for distance in (40.0, 80.0):
        queries = distance * np.array([[0.6, 0.0, 0.8], [-0.8, 0.6, 0.0]])
        expected = every_pair(points, charges, dipoles, queries, 0.5)
        found = evaluate(points, charges, dipoles, queries, 0.5, 1.0)
        errors.append(np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0))
    assert (errors[1] < errors[0] / 2 ** (order - 0.5)).all()


def test_moments_of_the_root_are_those_of_all_sources():
    points, charges, dipoles = sources(300)
    clusters = build_clusters(points, np.ones(300))
    order = clusters.tree.index[0]
    moments = cluster_moments(clusters, charges[order], dipoles[order])[:, 1]
    np.testing.assert_allclose(clusters.centers[1], points.mean(axis=0), atol=1e-12)
    e = points - points.mean(axis=0)
    mixed = np.einsum("ni,nj->ij", dipoles, e)
    second = (mixed + mixed.T) / 2 - np.einsum("n,ni,nj->ij", charges, e, e) / 2
    np.testing.assert_allclose(moments[0], charges.sum(), atol=1e-12)
    np.testing.assert_allclose(moments[1:4], (dipoles - charges[:, None] * e).sum(axis=0), atol=1e-11)
    np.testing.assert_allclose(moments[4:], second[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], atol=1e-11)


def test_centers_follow_the_weights_and_stay_in_their_boxes():
    points = sources(100)[0]
    heavy = np.zeros(100)
    heavy[7] = 2.0
    np.testing.assert_allclose(build_clusters(points, heavy).centers[1], points[7])
    weightless = build_clusters(points, np.zeros(100))
    np.testing.assert_allclose(weightless.centers[1], (points.min(axis=0) + points.max(axis=0)) / 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bits_for_one_thread_and_two(dtype):
    given, queries = sources(5000, dtype), sources(3 * CHUNK * GROUP, dtype, seed=1)[0]
    one, two = (evaluate(*given, queries, 0.1, 1.5, threads) for threads in (1, 2))
    assert np.array_equal(one, two)


def test_points_in_one_place_and_no_queries():
    given = np.zeros((40, 3)), np.ones(40), np.zeros((40, 3))
    values = evaluate(*given, np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]), 1e-3, 2.0)
    np.testing.assert_allclose(values, [[20.0, 0, 0, -10.0], [40e3, 0, 0, 0]], rtol=1e-5)
    assert evaluate(*given, np.empty((0, 3)), 1.0, 2.0).shape == (0, 4)
