"""A fit that fails is a result, and what is there already is not measured again."""

import json
import shlex
import sys

import pytest

from benchmarks.quality.surface_quality import KINDS, Problem, anchor, problems

FAILING = shlex.join([sys.executable, "-c", "raise SystemExit('it cannot')"])


def problem(shape, kind):
    """A scan of which only the name is used."""
    return Problem(shape, kind, None, None)


@pytest.mark.shared_data
def test_a_fit_that_fails_scores_null_and_says_why_and_is_not_run_again(run, shared, tmp_path):
    results = tmp_path / "r.jsonl"
    options = ("--shared", shared, "--scans", "spot_0", "--out", tmp_path, "--results", results, "--command", FAILING)
    run("quality.surface_quality", *options)
    run("quality.surface_quality", *options, "--presets", "standard", "quick")
    run("quality.surface_quality", *options, "--variant", "other", "--options=--plain")
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    keys = [(row["shape"], row["kind"], row["preset"], row["variant"]) for row in rows]
    names = [("standard", None), ("quick", None), ("standard", "other")]
    assert keys == [("spot", "0", preset, variant) for preset, variant in names]
    assert all((row["chamfer"], row["error"], row["true_bodies"]) == (None, "exit 1: it cannot", 1) for row in rows)
    assert [row["command"].removeprefix(FAILING) for row in rows] == ["", " --preset quick", " --plain"]


@pytest.mark.shared_data
def test_every_scan_has_a_kind_and_all_shapes_have_one_without_noise(shared):
    found = list(problems(shared / "data"))
    assert {each.kind for each in found} == set(KINDS)
    assert len({each.shape for each in found if each.kind == "0"}) == 19
    assert all(each.scan.is_file() and each.truth.is_file() for each in found)


def test_the_anchor_is_the_lowest_of_all_rows_of_a_scan_by_distance_and_by_normals():
    common = {"shape": "spot", "noise": 0.0}
    rows = [
        {**common, "chamfer": 2.0, "normal_deg": 3.0, "method": "ipsr", "params": "depth 8"},
        {**common, "noise": 0, "chamfer": 1.0, "normal_deg": 4.0, "k": 16, "depth": 9},
        {**common, "noise": 0.01, "chamfer": 0.5, "normal_deg": 1.0, "k": 16, "depth": 9},
    ]
    found = {"anchor_chamfer": 1.0, "anchor_normal_deg": 3.0}
    assert anchor(rows, problem("spot", "0")) == found | {
        "anchor_method": "poisson",
        "anchor_params": "k 16 depth 9 pw 4",
    }
    assert anchor(rows, problem("spot", "0.01"))["anchor_chamfer"] == 0.5
    assert anchor(rows, problem("spot", "views")) == {}
