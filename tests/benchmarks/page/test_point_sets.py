"""A case of the loop is one line, with every ratio as theirs over ours."""

from benchmarks.page.point_sets import loop
from benchmarks.speed.in_a_loop import numbers

ENVIRONMENT = {"date": "d", "cpu": "c", "cores": 2, "python": "p", "torch": "t", "numba": "n", "commit": "k"}


def row(engine, ms, size="256"):
    case = {"problem": "Chamfer", "size": size, "threads": 2, "wait": "default"}
    return {**case, "engine": engine, "ms": ms, "step_ms": 9.0, "environment": ENVIRONMENT}


def test_engines_stand_side_by_side():
    text = loop([row("diffshape", 2.0), row("cKDTree", 5.0), row("diffshape", 4.0, "1,000")])
    assert "| Chamfer 256 | 2 | default | 2.00 | – | – | 5.00 | 2.50 | – | – |" in text
    assert "| Chamfer 1,000 | 2 | default | 4.00 | – | – | – | – | – | – |" in text


def test_sizes_are_read_as_they_are_written():
    assert [numbers(size) for size in ("256", "100,000", "32 x 2,048")] == [[256], [100_000], [32, 2048]]
