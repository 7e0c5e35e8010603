"""Runs measured from outside."""

import os
import sys

import pytest

from benchmarks.measure import by_turns, run_measured


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell a child's peak memory")
def test_a_run_is_measured_alone():
    small = run_measured([sys.executable, "-c", "print('out')"])
    large = run_measured([sys.executable, "-c", "import sys; len(b'x' * 300_000_000); sys.exit('reason')"])
    assert (small.status, small.output.strip(), small.errors) == (0, "out", "")
    assert (large.status, large.errors.strip()) == (1, "reason")
    assert large.megabytes >= 286


def test_calls_take_turns_until_the_seconds_are_over():
    """Three turns at the least, after the first."""
    log = []
    times = by_turns(
        {"a": lambda each: log.append(("a", each)), "b": lambda each: log.append(("b", each))}, 5, seconds=0
    )
    assert sorted(log) == [("a", 5)] * 4 + [("b", 5)] * 4
    assert all(set(log[turn : turn + 2]) == {("a", 5), ("b", 5)} for turn in range(0, 8, 2))
    assert times.keys() == {"a", "b"}
