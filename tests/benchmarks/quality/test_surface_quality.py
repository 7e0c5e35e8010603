"""A fit that fails is a result."""

import json
import shlex
import sys

import pytest


@pytest.mark.shared_data
def test_a_fit_that_fails_scores_null_and_says_why(run, shared, tmp_path):
    command = shlex.join([sys.executable, "-c", "raise SystemExit('it cannot')"])
    options = (
        "--shared",
        shared,
        "--only",
        "spot",
        "--noise",
        "0",
        "--out",
        tmp_path,
        "--results",
        tmp_path / "r.jsonl",
    )
    run("quality.surface_quality", *options, "--command", command)
    result = json.loads((tmp_path / "r.jsonl").read_text())
    assert (result["chamfer"], result["error"]) == (None, "exit 1: it cannot")
    assert result["poisson_chamfer"] == pytest.approx(0.0997)
