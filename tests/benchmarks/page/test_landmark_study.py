"""The section on losses for landmarks tells a null as a null."""

import json

import pytest


def landmark_row(loss, seed, error):
    """A training whose mean radial error is this."""
    machine = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")
    score = {"mre": error, "sdr": {"2": 0.5, "4": 1.0}, "order": 0.0, "within_one_deviation": 0.7, "dark_mre": 9.0}
    counts = {"images": 400, "seed": seed, "steps": 5, "cpu_seconds": 7.0}
    return {"loss": loss, **counts, "occluders_0": score, "occluders_2": score, "environment": machine}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ((-0.30, -0.31, -0.29), "-0.3000 ± 0.0248 px, 3 pairs: better"),
        ((-0.2, 0.0, 0.2), "+0.0000 ± 0.4968 px, 3 pairs: null"),
    ],
)
def test_page_tells_a_null_of_the_structure_term_as_a_null(run, tmp_path, changes, verdict):
    rows = [landmark_row("without structure", seed, 1.0) for seed in range(3)]
    rows += [landmark_row("with structure", seed, 1.0 + change) for seed, change in enumerate(changes)]
    (tmp_path / "landmark_study.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    run("page", "--results", tmp_path, "--out", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| without structure | 400 | 0 | 1.00 ± 0.00 | 50.0 ± 0.0 | 100.0 ± 0.0 |" in text
    assert f"Structure, 400 images, 0 occluders: {verdict}." in text
