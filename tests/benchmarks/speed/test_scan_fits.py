"""A command that fails is told, not left out."""

from benchmarks.speed.scan_fits import measure


def test_a_fit_that_fails_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "src")
    row = measure("quick", tmp_path / "missing.npy", tmp_path / "out")
    assert "missing.npy" in row["error"]
    assert "optimizer_seconds" not in row
