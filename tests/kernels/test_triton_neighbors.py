"""The Triton engine against the reference, bit for bit: on a GPU where there is one, else under its interpreter."""

from functools import partial

import pytest
import torch
from torch._subclasses import FakeTensorMode

pytest.importorskip("triton")

from diffshape.kernels.triton_neighbors import BLOCK, nearest_of_all_pairs
from diffshape.kernels.triton_neighbors import TILE as LANES
from diffshape.kernels.triton_tiles import CHUNK, MOST_NEIGHBORS, TILE, build_tiles, morton_codes, nearest_in_tiles
from diffshape.ops.neighbors import triton_search
from diffshape.ops.neighbors.definition import reference_search
from diffshape.ops.neighbors.index import prepare_search
from diffshape.ops.neighbors.triton_search import TritonSearch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def cloud(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def grid(batch, side):
    """Every point of a small integer grid twice, so that most distances are tied."""
    axes = torch.arange(float(side), device=DEVICE)
    return torch.cartesian_prod(axes, axes, axes).repeat(batch, 2, 1)


def far_apart():
    """Two pairs of clusters, with a point far away that leaves all others in one Morton cell."""
    y = cloud(1, 150, 3, seed=1)
    y[:, ::2] += 100
    y[:, 7] = 1e9
    return cloud(1, 90, 3) + 50, y


PROBLEMS = {
    "random": lambda: (cloud(1, 70, 3), cloud(1, 300, 3, seed=1)),
    "batches": lambda: (cloud(3, 37, 3), cloud(3, 65, 3, seed=1)),
    "float64": lambda: (cloud(2, 33, 3, dtype=torch.float64), cloud(2, 40, 3, seed=1, dtype=torch.float64)),
    "a plane": lambda: (cloud(2, 40, 2), cloud(2, 50, 2, seed=1)),
    "a line": lambda: (cloud(1, 40, 1), cloud(1, 50, 1, seed=1)),
    "whole blocks": lambda: (cloud(1, 2 * TILE, 3), cloud(1, LANES, 3, seed=1)),
    "one point": lambda: (cloud(2, 1, 3), cloud(2, 1, 3, seed=1)),
    "one query": lambda: (cloud(1, 1, 3), cloud(1, 200, 3, seed=1)),
    "ties": lambda: (grid(2, 3), grid(2, 3) + 0.5),
    "all equal": lambda: (torch.ones(1, 40, 3, device=DEVICE), torch.ones(1, 150, 3, device=DEVICE)),
    "the same": lambda: (cloud(1, 90, 3), cloud(1, 90, 3)),
    "a blob": lambda: (cloud(1, 64, 3) * 1e-3, torch.nn.functional.normalize(cloud(1, 300, 3, seed=1), dim=-1)),
    "far apart": far_apart,
    "far away": lambda: (cloud(1, 60, 3) + 1e6, cloud(1, 150, 3, seed=1) + 1e6),
    "tiny": lambda: (cloud(1, 40, 3) * 1e-21, cloud(1, 70, 3, seed=1) * 1e-21),
    "two chunks": lambda: (cloud(1, 40, 3), cloud(1, TILE * CHUNK + 5, 3, seed=1)),
}


@pytest.fixture(params=["all pairs", "tiles"])
def engine(request, monkeypatch):
    """Each of the two ways, whatever the size."""
    monkeypatch.setattr(triton_search, "BRUTE_FORCE_PAIRS", 1 << 62 if request.param == "all pairs" else 0)
    return request.param


@pytest.mark.parametrize("problem", PROBLEMS)
def test_nearest_neighbors_equal_the_reference_bit_for_bit(engine, problem):
    x, y = PROBLEMS[problem]()
    found, expected = TritonSearch(y)(x, 1), reference_search(y, x, 1)
    assert torch.equal(found.squared_distances, expected.squared_distances)
    assert torch.equal(found.indices, expected.indices)


@pytest.mark.parametrize("problem", ["random", "batches", "float64", "ties", "a blob", "far apart"])
@pytest.mark.parametrize("k", [2, 5])
def test_k_neighbors_equal_the_reference_bit_for_bit(problem, k):
    x, y = PROBLEMS[problem]()
    found, expected = TritonSearch(y)(x, k), reference_search(y, x, k)
    assert torch.equal(found.squared_distances, expected.squared_distances)
    assert torch.equal(found.indices, expected.indices)


@pytest.mark.parametrize("k", [MOST_NEIGHBORS, MOST_NEIGHBORS + 1])
def test_the_largest_k_of_the_kernel_and_the_smallest_of_the_reference(k):
    x, y = cloud(1, 20, 3), cloud(1, 50, 3, seed=1)
    found, expected = TritonSearch(y)(x, k), reference_search(y, x, k)
    assert torch.equal(found.squared_distances, expected.squared_distances)
    assert torch.equal(found.indices, expected.indices)


@pytest.mark.parametrize("k", [1, 3])
def test_masked_points_are_never_found(engine, k):
    x, y = cloud(3, 45, 3), cloud(3, 130, 3, seed=1)
    x_mask = torch.rand(3, 45, generator=torch.Generator().manual_seed(2)).to(DEVICE) < 0.6
    y_mask = torch.rand(3, 130, generator=torch.Generator().manual_seed(3)).to(DEVICE) < 0.5
    y_mask[1, 20:] = False  # a ragged batch: one cloud ends early
    x[~x_mask], y[~y_mask] = torch.nan, torch.nan
    found = TritonSearch(y, y_mask)(x, k, x_mask)
    assert ((found.indices >= 0) & (found.indices < 130)).all()
    for b in range(3):
        places = y_mask[b].nonzero()[:, 0]
        expected = reference_search(y[b, places][None], x[b, x_mask[b]][None], k)
        assert torch.equal(found.squared_distances[b, x_mask[b]], expected.squared_distances[0])
        assert torch.equal(found.indices[b, x_mask[b]], places[expected.indices[0]])


@pytest.mark.parametrize("k", [1, 3])
def test_neighbors_that_are_missing_are_at_infinity(engine, k):
    y_mask = torch.zeros(2, 40, dtype=torch.bool, device=DEVICE)
    y_mask[1, 7] = True
    found = TritonSearch(cloud(2, 40, 3), y_mask)(cloud(2, 5, 3), k)
    assert found.squared_distances[0].isinf().all()
    assert not found.indices[0].any()
    assert found.squared_distances[1].isfinite().sum() == 5
    assert (found.indices[1, :, 0] == 7).all()


def test_no_queries_have_no_neighbors(engine):
    found = TritonSearch(cloud(2, 4, 3))(cloud(2, 0, 3), 1)
    assert found.squared_distances.shape == found.indices.shape == (2, 0, 1)


def test_all_pairs_needs_no_whole_block_of_queries():
    x, y = cloud(1, BLOCK + 1, 3), cloud(1, LANES + 1, 3, seed=1)
    ends = torch.tensor([LANES], dtype=torch.int32, device=DEVICE)
    distances, indices = nearest_of_all_pairs(x, y, ends)
    expected = reference_search(y[:, :-1], x, 1)
    assert torch.equal(distances[..., None], expected.squared_distances)
    assert torch.equal(indices[..., None], expected.indices)


def interleaved(steps):
    """The Morton code of three 21-bit steps, bit by bit."""
    return sum(((steps[axis] >> bit) & 1) << (3 * bit + axis) for axis in range(3) for bit in range(21))


def test_morton_codes_interleave_the_bits_of_the_steps():
    steps = torch.randint(0, 2**21, (50, 3), generator=torch.Generator().manual_seed(0))
    corners = torch.tensor([[0.0, 0.0, 0.0], [2.0**21, 2.0**21, 2.0**21]])
    codes = morton_codes(torch.cat([corners, steps + 0.5])[None].to(DEVICE))
    assert codes[0].tolist() == [0, interleaved([2**21 - 2] * 3), *(interleaved(each) for each in steps.tolist())]


def test_tiles_hold_every_point_once_inside_their_boxes():
    points = cloud(2, 100, 3)
    tiles = build_tiles(points)
    for b in range(2):
        held = tiles.index[b].flatten()
        assert torch.equal(held[:100].sort().values, torch.arange(100, device=DEVICE))
        assert (held[100:] == 2**31 - 1).all()
        for t in range(4):
            places = held[t * TILE : min((t + 1) * TILE, 100)]
            own = points[b, places]
            assert torch.equal(tiles.points[b, t, :, : len(own)], own.T)
            assert torch.equal(tiles.boxes[b, :, t], torch.cat([own.amin(0), own.amax(0)]))
            assert tiles.lowest[b, t] == places.min()
        assert torch.equal(tiles.chunk_boxes[b, :, 0], torch.cat([points[b].amin(0), points[b].amax(0)]))
        assert tiles.chunk_lowest[b, 0] == 0


def test_far_tiles_are_skipped():
    x = cloud(1, TILE, 3) * 1e-3
    near, far = build_tiles(x), build_tiles(torch.cat([cloud(1, 3 * TILE, 3) + 10, x], dim=1))
    *_, compared = nearest_in_tiles(near, far, 1)
    assert compared.tolist() == [[1]]


def test_equal_points_are_compared_once():
    ones = torch.ones(1, 10 * TILE, 3, device=DEVICE)
    *_, compared = nearest_in_tiles(build_tiles(ones), build_tiles(ones), 1)
    assert compared.tolist() == [[1] * 10]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy, under the interpreter, warns where a square overflows
@pytest.mark.parametrize("k", [1, 2])
def test_distances_that_overflow_are_infinite_and_go_to_the_lowest_index(engine, k):
    x, y = cloud(1, 10, 3) - 1e20, cloud(1, 60, 3, seed=1) + 1e20
    y[0, 50] = x[0, 3]
    found, expected = TritonSearch(y)(x, k), reference_search(y, x, k)
    assert torch.equal(found.squared_distances, expected.squared_distances)
    assert torch.equal(found.indices, expected.indices)


@pytest.mark.parametrize("problem", ["ties", "a blob", "two chunks"])
def test_the_benchmark_counts_what_the_kernel_compares(problem):
    from benchmarks.gpu.tile_work import count

    x, y = PROBLEMS[problem]()
    *_, compared = nearest_in_tiles(build_tiles(x[:1]), build_tiles(y[:1]), 1)
    counts, indices = count(x[0].cpu().numpy(), y[0].cpu().numpy())
    assert counts[:, 2].tolist() == compared[0].tolist()
    assert indices.tolist() == reference_search(y, x, 1).indices[0, :, 0].tolist()


@pytest.mark.parametrize(("dimension", "engine"), [(1, TritonSearch), (3, TritonSearch), (4, partial)])
def test_cuda_tensors_of_up_to_three_dimensions_come_here(dimension, engine):
    with FakeTensorMode():
        y = torch.empty(1, 5, dimension, device="cuda")
        assert isinstance(prepare_search(y), engine)
