"""NeighborIndex and its engines: every engine gives the reference's bits, however awkward the points."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import ops
from diffshape.ops.neighbors.definition import reference_search
from diffshape.ops.neighbors.index import prepare_search


def generator(seed):
    return torch.Generator().manual_seed(seed)


def cloud(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, generator=generator(seed))


def same_bits(x, y, k):
    expected, actual = reference_search(y, x, k), prepare_search(y)(x, k)
    assert torch.equal(actual.indices, expected.indices)
    assert torch.equal(actual.squared_distances, expected.squared_distances)


@st.composite
def problems(draw):
    """Two batches of clouds, smooth, on a lattice full of ties, or full of duplicates, and a k that fits."""
    batch, n, m = draw(st.integers(1, 3)), draw(st.integers(1, 60)), draw(st.integers(1, 90))
    dimension, dtype = draw(st.integers(1, 3)), draw(st.sampled_from([torch.float32, torch.float64]))
    x, y = (cloud(batch, count, dimension, seed=draw(st.integers(0, 999)), dtype=dtype) for count in (n, m))
    spacing = draw(st.sampled_from([None, 0.25, 1.0, 4.0]))
    if spacing is not None:
        x, y = (x / spacing).round() * spacing, (y / spacing).round() * spacing
    scale = draw(st.sampled_from([1e-25, 1e-3, 1.0, 1e6, 1e25]))
    shift = draw(st.sampled_from([0.0, 3.0, 1e6]))
    return x * scale + shift, y * scale, draw(st.integers(1, m))


@given(problems())
@settings(max_examples=200, deadline=None)
def test_the_kernels_give_the_reference_bit_for_bit(problem):
    same_bits(*problem)


@pytest.mark.parametrize("k", [1, 2, 7, 64, 256])
def test_many_neighbours_of_many_points(k):
    same_bits(cloud(1, 300, 3), cloud(1, 2000, 3, seed=1), k)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sets_far_apart(k, dtype):
    blob = 0.5 + 0.02 * cloud(1, 500, 3, dtype=dtype)
    angle = torch.linspace(0, 2 * math.pi, 3000, dtype=dtype)
    ring = torch.stack([angle.cos(), angle.sin(), 0.1 * (9 * angle).sin()], -1)[None]
    same_bits(blob, ring, k)
    same_bits(ring, blob, k)
    same_bits(blob + 1e6, ring, k)


@pytest.mark.parametrize("k", [1, 3])
def test_all_points_equal_without_comparing_them_all(k):
    points = torch.full((1, 30_000, 3), 0.1)
    found = prepare_search(points)(points, k)
    assert torch.equal(found.indices, torch.arange(k).expand(1, 30_000, k))
    assert not found.squared_distances.any()


@pytest.mark.parametrize("k", [1, 4])
def test_a_lattice_queried_at_the_middle_of_its_cells(k):
    steps = torch.arange(12.0)
    y = torch.cartesian_prod(steps, steps, steps)[torch.randperm(12**3, generator=generator(0))]
    same_bits(torch.cartesian_prod(steps, steps, steps)[None] + 0.5, y[None], k)


def test_one_outlier_that_makes_a_grid_useless():
    y = cloud(1, 3000, 3, seed=1)
    y[0, 17] = 1e7
    same_bits(cloud(1, 500, 3), y, 1)


def test_distances_that_overflow_go_to_the_lowest_index():
    y = torch.tensor([[[1e30, 0.0, 0.0], [2e30, 0.0, 0.0], [-3e38, 0.0, 0.0]]])
    same_bits(torch.tensor([[[0.0, 0.0, 0.0], [3e38, 3e38, 3e38], [1e30, 0.0, 0.0]]]), y, 1)


@pytest.mark.parametrize(
    "shapes", [((1, 25_000, 3), (1, 24_000, 3)), ((9, 3000, 3), (9, 2500, 3)), ((1, 50, 3), (1, 30_000, 3))]
)
@pytest.mark.parametrize("k", [1, 3])
def test_two_threads_give_the_bits_of_one(shapes, k):
    x, y = (cloud(*shape, seed=seed) for seed, shape in enumerate(shapes))
    alone = prepare_search(y)(x, k)
    torch.set_num_threads(2)
    try:
        together = prepare_search(y)(x, k)
    finally:
        torch.set_num_threads(1)
    assert torch.equal(together.indices, alone.indices)
    assert torch.equal(together.squared_distances, alone.squared_distances)


def test_an_index_gives_what_nearest_neighbors_gives():
    x, y = cloud(30, 3), cloud(50, 3, seed=1)
    index = ops.NeighborIndex(y)
    for k in (1, 4):
        expected = ops.nearest_neighbors(x, y, k=k)
        found = index.query(x, k)
        assert torch.equal(found.indices, expected.indices)
        assert torch.equal(found.squared_distances, expected.squared_distances)
        assert not found.squared_distances.requires_grad


def test_an_index_asked_for_one_neighbour_after_many_gives_the_same():
    y, x = cloud(3000, 3), cloud(500, 3, seed=1)
    asked = ops.NeighborIndex(y)
    asked.query(x, 5)  # its tree has the points now
    for found, wanted in zip(asked.query(x), ops.NeighborIndex(y).query(x), strict=True):
        assert torch.equal(found, wanted)


def test_an_index_keeps_its_own_copy():
    y = torch.zeros(1, 3)
    index = ops.NeighborIndex(y)
    y += 5
    assert index.query(torch.zeros(1, 3)).squared_distances.item() == 0.0


def test_an_index_of_five_dimensions_and_no_queries():
    index = ops.NeighborIndex(cloud(6, 5))
    assert index.query(cloud(6, 5)).indices.tolist() == list(range(6))
    assert index.query(torch.zeros(0, 5), k=2).indices.shape == (0, 2)


@pytest.mark.parametrize(
    ("x", "k", "message"),
    [
        (torch.zeros(2, 2), 1, r"x must have shape \(N, 3\) like the indexed points, got \(2, 2\)"),
        (torch.zeros(1, 2, 3), 1, r"x must have shape \(N, 3\) like the indexed points, got \(1, 2, 3\)"),
        (torch.zeros(2, 3).double(), 1, r"x must be torch.float32 on cpu like the indexed points, got torch.float64"),
        (torch.zeros(2, 3), 9, r"k must lie between 1 and the number of points in y, 4, got 9"),
        (torch.full((2, 3), math.nan), 1, r"x has non-finite coordinates"),
    ],
)
def test_bad_queries_are_refused(x, k, message):
    with pytest.raises(ValueError, match=f"^NeighborIndex.query: {message}"):
        ops.NeighborIndex(torch.zeros(4, 3)).query(x, k)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.zeros(0, 3), r"y must have shape \(M, D\) with M >= 1, got \(0, 3\)"),
        (torch.zeros(1, 4, 3), r"y must have shape \(M, D\) with M >= 1, got \(1, 4, 3\)"),
        (torch.full((2, 3), math.inf), r"y has non-finite coordinates"),
    ],
)
def test_bad_points_are_refused(y, message):
    with pytest.raises(ValueError, match=f"^NeighborIndex: {message}"):
        ops.NeighborIndex(y)
