"""The section on surfaces hides neither losses nor failures."""

import json

import pytest

MACHINE = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")


def row(shape, chamfer, **more):
    """A result of the default on a scan with an anchor of 1.0 and 2 degrees."""
    numbers = {"hausdorff": 0.5, "normal_deg": chamfer, "bodies": 1, "watertight": True, "seconds": 3, "megabytes": 9}
    bar = {"anchor_chamfer": 1.0, "anchor_normal_deg": 2.0, "anchor_method": "ipsr", "anchor_params": "depth 8"}
    key = {"shape": shape, "kind": "0.01", "preset": "standard", "variant": None}
    told = {"true_bodies": 1, "load": 0.5, "command": "fit", "environment": MACHINE}
    return {**key, "chamfer": chamfer, **numbers, **bar, **told, **more}


def without_anchor(*arguments, **more):
    """A result on a scan that no other method was run on."""
    return {name: value for name, value in row(*arguments, **more).items() if not name.startswith("anchor_")}


def failure(shape, **more):
    """A fit that made no surface."""
    nothing = {"hausdorff": None, "bodies": 0, "watertight": False, "error": "exit 1: no"}
    return row(shape, None, **nothing, **more)


@pytest.fixture
def page(run, tmp_path):
    """The page that rows make."""

    def write(*rows):
        (tmp_path / "surface_quality.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
        run("page", "--results", tmp_path, "--out", tmp_path / "page.md")
        return (tmp_path / "page.md").read_text(encoding="utf-8")

    return write


def test_the_winner_is_bold_and_both_halves_have_their_mean(page):
    text = page(row("bunny", 0.5), row("cow", 2.0), row("spot", 0.81), row("anchor", 4.0, bodies=3, watertight=False))
    assert (
        "| bunny | **0.500** | 1.000 (ipsr, depth 8) | 0.50 | **0.5** | 2.0 | 0.5000 | 1 (1) | yes | 3.0 | 9 |" in text
    )
    assert (
        "| anchor | 4.000 | **1.000** (ipsr, depth 8) | 4.00 | 4.0 | **2.0** | 0.5000 | 3 (1) | no | 3.0 | 9 |" in text
    )
    assert "| mean, tuned |  |  | 1.00 | **1.2** | 2.0 |  | 2 of 2 | 2 of 2 | 3.0 | 9 |" in text
    assert "| mean, reported |  |  | 1.80 |" in text
    assert (
        "Tuned: worst ratio 2.00, cow; above 1.2: 1 of 2. Reported: worst ratio 4.00, anchor; above 1.2: 1 of 2."
        in text
    )
    assert "| 0.01 | 4 | 1.00 | 1.80 | 1.34 | 0.9 | 4.00, anchor | 2 of 4 |" in text


def test_a_mean_that_reaches_the_aim_is_bold(page):
    assert "| 0.01 | 1 | – | **0.90** | **0.90** | 0.9 | 0.90, spot | 0 of 1 |" in page(row("spot", 0.9))


def test_a_failure_counts(page):
    text = page(row("spot", 0.5), failure("anchor"))
    assert "Failed: anchor (exit 1: no)." in text
    assert "| anchor | – | **1.000** (ipsr, depth 8) | ∞ |" in text
    assert "| 0.01 | 2 | – | ∞ | ∞ | 0.9 | ∞, anchor | 1 of 2 |" in text


def test_a_scan_without_anchor_is_shown_without_a_ratio(page):
    text = page(without_anchor("spot", 0.5), row("anchor", 2.0, anchor_chamfer=120.0))
    assert "| spot | **0.500** | – | – |" in text
    assert "| anchor | **2.000** | 120.000 (ipsr, depth 8) | – |" in text
    assert "| 0.01 | 2 | – | – | – | 0.9 | – | – |" in text


def test_regimes_are_summed_up_together(page):
    text = page(row("spot", 0.5, kind="views"), row("spot", 1.6, kind="dense"))
    assert "| sparse to dense | 2 | – | **0.89** | **0.89** | 1.0 | 1.60, spot dense | 1 of 2 |" in text


def test_only_the_latest_result_of_a_scan_is_shown(page):
    text = page(row("spot", 0.5), row("spot", 0.25))
    assert "0.250" in text
    assert "0.500 |" not in text


def test_quick_is_held_to_the_default_on_the_same_scans(page):
    quick = {"preset": "quick", "seconds": 1}
    text = page(row("spot", 1.0), row("spot", 1.1, **quick), row("cow", 2.0), row("cow", 1.8, **quick), row("dc", 7.0))
    assert "| 0.01 | 2 | 0.99 | 1.10, spot | 1.0 | 3.0 | 9 |" in text


def test_variants_are_held_to_the_default_on_the_same_scans(page):
    plain = {"variant": "no normals", "command": "fit --plain"}
    rows = [row("spot", 1.0), row("spot", 2.0, **plain), row("cow", 2.0), row("cow", 1.0, **plain)]
    rows += [row("spot", 1.0, kind="views"), failure("spot", kind="views", **plain), row("dc", 9.0, **plain)]
    text = page(*rows)
    assert "- **no normals**: `fit --plain`" in text
    assert "| variant | 0.01 | views | all |" in text
    assert "| no normals | 1.00 (2) | ∞ (1) | ∞ (3) |" in text
