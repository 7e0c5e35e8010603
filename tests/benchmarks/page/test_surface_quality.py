"""The section on surfaces hides neither losses nor failures."""

import json


def row(shape, chamfer, **more):
    """A result on a scan on which Poisson has 1.0."""
    machine = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")
    numbers = {
        "hausdorff": chamfer,
        "normal_deg": chamfer,
        "bodies": 1,
        "watertight": True,
        "seconds": 3,
        "megabytes": 9,
    }
    bar = {"poisson_chamfer": 1.0, "poisson_normal_deg": 1.0}
    common = {"shape": shape, "noise": "0", "command": "fit", "environment": machine}
    return {"chamfer": chamfer, **numbers, **bar, **common, **more}


def page(run, folder, rows):
    """The page these rows make."""
    (folder / "surface_quality.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    run("page", "--results", folder, "--out", folder / "page.md")
    return (folder / "page.md").read_text(encoding="utf-8")


def test_page_marks_the_winner_and_takes_the_geometric_mean_of_ratios(run, tmp_path):
    text = page(run, tmp_path, [row("a", 0.5), row("b", 8.0)])
    assert "| a | **0.500** | 1.000 | 0.50 | **0.5** | 1.0 |" in text
    assert "| b | 8.000 | **1.000** | 8.00 | 8.0 | **1.0** |" in text
    assert "| mean | 4.250 | **1.000** | 2.00 |" in text
    assert "on 1 of 2 shapes" in text


def test_page_counts_a_failure_and_has_no_mean_without_it(run, tmp_path):
    text = page(run, tmp_path, [row("a", 0.5), row("b", None, error="exit 1: no", bodies=0, watertight=False)])
    assert "Failed: b (exit 1: no)." in text
    assert "| mean | – | **1.000** | – |" in text


def test_page_shows_the_latest_result_of_a_scan(run, tmp_path):
    text = page(run, tmp_path, [row("a", 0.5), row("a", 0.25)])
    assert "0.250" in text
    assert "0.500" not in text
