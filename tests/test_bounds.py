import re

import pytest

from diffshape import _bounds
from diffshape._bounds import check_budget, check_fits, check_number, check_resolution, check_whole, free_memory


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1, "at least 0, got -1"),
        (2**64, "at most 18,446,744,073,709,551,615"),
        (1.0, "a whole number, got 1.0"),
        (True, "got True"),
    ],
)
def test_seeds(value, message):
    _bounds.check_seed("fit: seed", 2**64 - 1)
    with pytest.raises(ValueError, match=f"^fit: seed must be .*{message}"):
        _bounds.check_seed("fit: seed", value)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "3", None, True])
def test_numbers_that_are_not_positive(value):
    check_number("x", 1e-9, 0, above=True)
    with pytest.raises(ValueError, match=f"^x must be a positive number, got {re.escape(repr(value))}"):
        check_number("x", value, 0, above=True)


def test_both_ends_of_a_range_are_in_it():
    check_number("x", 0, 0, 1)
    check_number("x", 1, 0, 1)
    check_whole("x", 4, 4, 4)
    with pytest.raises(ValueError, match=r"a number from 0 to 1, got 1\.5"):
        check_number("x", 1.5, 0, 1)


def test_a_budget_is_steps_or_seconds_or_neither():
    for budget in ({}, {"steps": 1}, {"seconds": 0.1}):
        check_budget("fit", **{"steps": None, "seconds": None, **budget})
    with pytest.raises(ValueError, match=r"fit: give steps or seconds, not both, got 1 and 0\.1"):
        check_budget("fit", steps=1, seconds=0.1)
    with pytest.raises(ValueError, match="fit: seed must be at most 4,294,967,295, got 4294967296"):
        check_budget("fit", steps=1, seconds=None, seed=2**32)
    with pytest.raises(ValueError, match="--steps must be at most 1,000,000,000"):
        check_budget("", steps=10**12, seconds=None)


def test_the_largest_that_fits_is_named_and_fits(monkeypatch):
    monkeypatch.setattr(_bounds, "free_memory", lambda: 10**9)
    for check, most in (
        (check_resolution, 500),
        (lambda name, value: check_resolution(name, value, sparse=False), 368),
        (lambda name, value: check_fits(name, value, 10**6), 1000),
    ):
        check("x", most)
        with pytest.raises(ValueError, match=f"x must be at most {most:,} here, where 1.0 GB of memory are free, got"):
            check("x", most + 1)


def test_there_is_memory():
    assert 2**20 < free_memory() <= 10**15


@pytest.mark.parametrize(
    ("limits", "free"), [([], 100), ([(90, 30)], 60), ([(900, 30)], 100), ([(90, 30), (70, 60)], 10)]
)
def test_memory_is_bounded_by_a_container_only_where_there_is_one(monkeypatch, limits, free):
    monkeypatch.setattr(_bounds, "_available", lambda: 100)
    monkeypatch.setattr(_bounds, "_container", lambda: limits)
    assert free_memory() == free
