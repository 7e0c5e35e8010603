"""The section on cleaned scans shows what is worse beside what is better."""

import json

import pytest

MACHINE = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")


def row(shape, method, distance, normals, *, kind="0.005", **more):
    """A result on a scan of 1,000 points."""
    errors = {"distance": distance, "setting": None, "normal_deg": normals, "normal_setting": None}
    marks = {"points": 1000, "moved": 0.01, "marked": 2}
    return {"shape": shape, "kind": kind, "method": method, **errors, **marks, "environment": MACHINE, **more}


@pytest.fixture
def page(run, tmp_path):
    """The page that rows make."""

    def write(rows, name="scan_cleaning"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
        run("page", "--results", tmp_path, "--out", tmp_path / "page.md")
        return (tmp_path / "page.md").read_text(encoding="utf-8")

    return write


def test_a_loss_is_counted_and_named(page):
    rows = [row("a", "before", 2.0, 10.0), row("a", "clean_scan", 1.0, 5.0)]
    rows += [row("b", "before", 1.0, 4.0), row("b", "clean_scan", 1.28, 5.0)]
    text = page(rows)
    assert "| 0.005 | 2 | 0.80 \\| 0.79 |" in text
    assert "| 0.005 | 1.28, b | 1 | 1.25, b | 1 | 5.00 | 7.00 | 0.200% | 0.0100 |" in text
    assert "| a | 2.000 | **1.000** | 0.50 |" in text
    assert "| b | **1.000** | 1.280 | 1.28 |" in text


def test_settings_stand_behind_the_errors_that_they_gave(page):
    best = {"setting": "54", "normal_setting": "80"}
    text = page([row("a", "before", 2.0, 10.0), row("a", "jet", 1.5, 8.0, **best)])
    assert "| a | 2.000 | **1.500** (54) | – |" in text
    assert "| a | 10.0 | **8.0** (80) | – |" in text


def test_points_that_stay_have_no_ratio_of_distances(page):
    text = page([row("a", "before", 0.0, 2.0, kind="0"), row("a", "clean_scan", 0.0, 1.0, kind="0")])
    assert "| 0 | – | – | 0.50, a | 0 |" in text


def test_marks_have_a_precision_and_a_recall(page):
    marks = {"marked": 40, "outlying": 50, "marked_outlying": 30}
    assert "| a | before | 50 | 40 | 0.750 | 0.600 |" in page([row("a", "before", 1, 1, kind="outliers", **marks)])


def test_cost_is_shown_where_only_one_was_measured(page):
    common = {"environment": {**MACHINE, "load": 3.0}, "megabytes": 300}
    rows = [
        {"method": "clean_scan", "points": count, "seconds": 2.0, "threads": 2, **common} for count in (3000, 10**7)
    ]
    rows.append({"method": "before", "points": 3000, "seconds": 1.0, **common})
    text = page(rows, "scan_cleaning_cost")
    assert "| 3,000 | 2.0 | **1.0** | 300 | 300 | 3.0 |" in text
    assert "| 10,000,000 | **2.0** | – | 300 | – | 3.0 |" in text
