"""Budgets and schedules: values by hand, limits, bad settings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffshape.training import Constant, Exponential, Halving, Seconds, Steps, WarmupCosine
from diffshape.training.schedule import clock_time

SHARES = st.floats(0, 1)


def test_diffcd_learning_rate_at_the_steps_of_the_paper():
    schedule, budget = WarmupCosine(), Steps(40_000)
    by_hand = {0: 0.0, 500: 0.5, 1000: 1.0, 1000 + 13_000: 0.75, 20_500: 0.5, 40_000: 0.0}
    assert {step: schedule(budget.progress(step, 0.0)) for step in by_hand} == pytest.approx(by_hand, abs=1e-12)


@given(SHARES, st.floats(0, 0.9), SHARES)
def test_warmup_cosine_stays_between_final_and_one_after_warm_up(progress, warmup, final):
    factor = WarmupCosine(warmup=warmup, final=final)(progress)
    assert (0 if progress < warmup else final) - 1e-12 <= factor <= 1 + 1e-12


@given(SHARES, SHARES, st.floats(0.01, 1))
def test_exponential_ratio_depends_on_the_difference_only(progress, other, final):
    schedule = Exponential(final=final)
    assert schedule(progress) / schedule(other) == pytest.approx(final ** (progress - other))


def test_constant_is_one():
    assert [Constant()(progress) for progress in (0.0, 0.3, 1.0)] == [1.0, 1.0, 1.0]


def test_halving_keeps_a_rate_until_its_share_is_over():
    schedule = Halving(every=0.2)
    assert [schedule(progress) for progress in (0.0, 0.19, 0.21, 0.5, 1.0)] == [1.0, 1.0, 0.5, 0.25, 2.0**-5]


def test_progress_is_one_exactly_when_the_budget_is_spent():
    assert Steps(3).progress(2, 1e9) == pytest.approx(2 / 3)
    assert Steps(3).progress(3, 0.0) == Steps(3).progress(9, 0.0) == 1.0
    assert Seconds(0.5).progress(10**9, 0.25) == 0.5
    assert Seconds(0.5).progress(0, 0.5) == Seconds(0.5).progress(0, 9.0) == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Steps(0), "Steps: count must be a whole number of at least 1, got 0"),
        (lambda: Steps(2.5), "whole number"),
        (lambda: Seconds(0), "Seconds: count must be a positive number, got 0"),
        (lambda: Seconds(math.nan), "positive number, got nan"),
        (lambda: WarmupCosine(warmup=1), r"WarmupCosine: warmup is a share of the budget in \[0, 1\), got 1"),
        (lambda: WarmupCosine(final=-0.1), "WarmupCosine: final"),
        (lambda: Exponential(final=0), "Exponential: final"),
        (lambda: Exponential(final=1.5), "got 1.5"),
        (lambda: Halving(0.0), "Halving: every must be a positive number, got 0.0"),
    ],
)
def test_bad_settings_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_clock_time_carries():
    assert [clock_time(seconds) for seconds in (0.0, 59.6, 3599.7)] == ["0:00", "1:00", "1:00:00"]
