import dataclasses

import pytest
import torch

from diffshape.ops import GridLayout

PUBLISHED = "16 23 31 43 59 81 112 154 213 295 407 562 777 1073 1483 2048"
SIZES = [
    (16, 19, 2048, PUBLISHED, 5, 6_098_120),
    (12, 17, 512, "16 22 31 42 57 78 106 146 199 273 374 512", 4, 1_167_200),
    (8, 17, 256, "16 24 36 53 79 116 173 256", 3, 719_936),
    (8, 15, 256, "16 24 36 53 79 116 173 256", 2, 214_528),
]


@pytest.mark.parametrize(("levels", "log2_entries", "finest", "resolutions", "dense", "entries"), SIZES)
def test_published_sizes(levels, log2_entries, finest, resolutions, dense, entries):
    grid = GridLayout(levels=levels, base=16, finest=finest, log2_entries=log2_entries)
    assert grid.resolutions == tuple(int(side) for side in resolutions.split())
    assert sum(side**3 <= size for side, size in zip(grid.resolutions, grid.sizes)) == dense
    assert grid.entries == entries


@pytest.mark.parametrize("levels", range(2, 17))
def test_the_finest_level_is_what_was_asked_for(levels):
    """2048 is 2046.9999... cells but for care, and some libraries then count 2049 nodes."""
    for finest in (100, 512, 2048):
        grid = GridLayout(levels=levels, base=16, finest=finest)
        assert (grid.resolutions[0], grid.resolutions[-1]) == (16, finest)
        assert (grid.scales[0], grid.scales[-1]) == (15.0, finest - 1.0)


def test_plan_lists_every_level():
    grid = GridLayout(levels=3, base=4, finest=16, log2_entries=7)
    assert grid.resolutions == (4, 8, 16)
    assert grid.sizes == (64, 128, 128)
    assert grid.plan == (3, 4, 0, 64, 7, 8, 64, 128, 15, 16, 192, 128)
    assert (grid.entries, grid.channels) == (320, 6)


def test_one_level_has_the_coarsest_side():
    assert GridLayout(levels=1, base=5, finest=9).resolutions == (5,)


def test_layout_is_frozen_and_compared_by_value():
    assert GridLayout() == GridLayout()
    with pytest.raises(dataclasses.FrozenInstanceError):
        GridLayout().levels = 3  # pyright: ignore


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 0}, "levels must be from 1 to 64, got 0"),
        ({"base": 1}, "base must be at least 2, got 1"),
        ({"base": 16, "finest": 8}, "finest must be from base = 16 to 2.20, got 8"),
        ({"finest": 2**21}, "finest must be from base = 8 to 2.20"),
        ({"features": 0}, "features must be at least 1, got 0"),
        ({"log2_entries": 2}, "log2_entries must be from 3 to 24, got 2"),
        ({"log2_entries": 25}, "log2_entries must be from 3 to 24, got 25"),
        ({"interpolation": "cubic"}, 'interpolation must be "linear" or "smoothstep", got \'cubic\''),
    ],
)
def test_sizes_out_of_range(options, message):
    with pytest.raises(ValueError, match=f"GridLayout: {message}"):
        GridLayout(**options)


def test_a_compiler_can_read_the_plan():
    """In Python 3.11 a cached property takes a lock, which it cannot."""
    grid = GridLayout(levels=3, base=4, finest=16)
    scaled = torch.compile(lambda x: x * grid.plan[0] * grid.entries, fullgraph=True, backend="eager")
    assert scaled(torch.ones(1)).item() == 3 * grid.entries
