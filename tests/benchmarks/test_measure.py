"""Runs measured from outside."""

import os
import sys

import pytest

from benchmarks.measure import run_measured


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell a child's peak memory")
def test_a_run_is_measured_alone():
    small = run_measured([sys.executable, "-c", "print('out')"])
    large = run_measured([sys.executable, "-c", "import sys; len(b'x' * 300_000_000); sys.exit('reason')"])
    assert (small.status, small.output.strip(), small.errors) == (0, "out", "")
    assert (large.status, large.errors.strip()) == (1, "reason")
    assert large.megabytes >= 286
