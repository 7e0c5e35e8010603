"""Two methods on a ball: rows, failures, and what a second run does."""

import signal
from contextlib import contextmanager
from dataclasses import replace

import pytest

from diffshape.batch.compared_scan import ComparedScan, compared_scans
from diffshape.batch.comparison import Comparison
from diffshape.data import icosphere, read_points, write_mesh, write_points
from diffshape.fields import MLPConfig
from diffshape.fitting import IGR, FitSettings, NeuralPull
from diffshape.report import read_comparison
from diffshape.training import read_log

pytestmark = pytest.mark.slow

STEPS = 4
SETTINGS = FitSettings(
    method=IGR(batch=64), field=MLPConfig(hidden_layers=2, width=16, skip=()), steps=STEPS, resolution=24
)
METHODS = {"igr": SETTINGS, "neural-pull": replace(SETTINGS, method=NeuralPull(batch=64, pool=2000))}
BALL = icosphere(3)


@pytest.fixture
def comparison(tmp_path):
    """Both methods on a ball whose true surface is known."""
    write_mesh(tmp_path / "truth.ply", *BALL)
    write_points(tmp_path / "ball.ply", BALL.vertices)
    scan = ComparedScan(name="ball", path=tmp_path / "ball.ply", truth=tmp_path / "truth.ply")
    return Comparison(folder=tmp_path / "compared", scans=[scan], methods=METHODS, device="cpu")


def with_a_bad_scan(comparison):
    """The comparison with a scan that is no scan before the ball."""
    path = comparison.folder.parent / "few.ply"
    write_points(path, BALL.vertices[:2])
    return replace(comparison, scans=[ComparedScan(name="few", path=path), *comparison.scans])


def stopped_at(step):
    """What interrupts a fit after a step, as Ctrl-C does."""

    def stop(report):
        if report.step == step:
            signal.raise_signal(signal.SIGINT)

    return stop


class Heard:
    """The fits that were begun, and the steps that each made."""

    def __init__(self, observer=lambda report: None):
        self.steps, self.observer = {}, observer

    @contextmanager
    def __call__(self, name):
        self.steps[name] = steps = []

        def hear(report):
            steps.append(report.step)
            self.observer(report)

        yield hear


def test_each_method_has_a_row_a_run_folder_and_its_place_in_the_pictures(comparison):
    told = []
    table = comparison.run(told=told.append)
    assert [(row.scan, row.method, row.steps, row.error) for row in table.rows] == [
        ("ball", "igr", STEPS, None),
        ("ball", "neural-pull", STEPS, None),
    ]
    assert told == list(table.rows)
    assert read_comparison(comparison.folder) == table
    for row in table.rows:
        assert 0 < row.chamfer < 0.3
        assert row.floor_chamfer < row.sampled_chamfer
        assert {"mesh.ply", "error.ply", "metrics.json"} <= {
            file.name for file in comparison.run_folder(comparison.scans[0], row.method).iterdir()
        }
    pictures = {file.name for file in (comparison.folder / "pictures").iterdir()}
    assert pictures == {"ball.png", "ball_errors.png", "ball_levels.png", "ball_curves.png"}
    assert "neural-pull" in (comparison.folder / "table.md").read_text()


def test_a_scan_that_cannot_be_read_is_a_row_and_the_others_are_fitted(comparison):
    table = with_a_bad_scan(comparison).run()
    failed, done = table.rows[:2], table.rows[2:]
    assert [(row.scan, row.failed) for row in table.rows] == [("few", True)] * 2 + [("ball", False)] * 2
    assert all("few.ply" in row.error and "\n" not in row.error and row.chamfer is None for row in failed)
    assert all(row.chamfer is not None for row in done)
    assert f"- few, igr: {failed[0].error}" in (comparison.folder / "table.md").read_text()


def test_finished_fits_are_kept_and_failed_ones_tried_again(comparison):
    table = with_a_bad_scan(comparison).run()
    write_points(comparison.folder.parent / "few.ply", BALL.vertices)  # as someone mended it
    mended, heard = ComparedScan(name="few", path=comparison.folder.parent / "few.ply"), Heard()
    again = replace(comparison, scans=[mended, *comparison.scans]).run(watch=heard)
    assert list(heard.steps) == ["few, igr", "few, neural-pull"]
    assert again.rows[2:] == table.rows[2:]
    assert not any(row.failed for row in again.rows)


def test_a_stopped_fit_goes_on_where_it_was(comparison):
    with pytest.raises(KeyboardInterrupt):
        comparison.run(watch=Heard(stopped_at(2)))
    assert read_comparison(comparison.folder).rows == ()
    heard = Heard()
    table = comparison.run(watch=heard)
    assert heard.steps == {"ball, igr": [3, 4], "ball, neural-pull": [1, 2, 3, 4]}
    assert [row.steps for row in table.rows] == [STEPS, STEPS]
    assert read_log(comparison.run_folder(comparison.scans[0], "igr") / "log.csv")["step"][-1] == STEPS


def test_other_settings_are_refused_before_anything_is_fitted(comparison):
    comparison.run()
    before, heard = comparison.table.read_bytes(), Heard()
    others = {**METHODS, "neural-pull": replace(METHODS["neural-pull"], steps=STEPS + 1)}
    with pytest.raises(ValueError, match="neural-pull was begun with other settings"):
        replace(comparison, methods=others).run(watch=heard)
    assert heard.steps == {}
    assert comparison.table.read_bytes() == before


def test_a_method_that_is_added_leaves_the_others_and_is_in_the_pictures(comparison):
    only = replace(comparison, methods={"igr": METHODS["igr"]})
    first = only.run().rows[0]
    picture, heard = (comparison.folder / "pictures" / "ball.png").read_bytes(), Heard()
    table = comparison.run(watch=heard)
    assert list(heard.steps) == ["ball, neural-pull"]
    assert table.rows[0] == first
    assert (comparison.folder / "pictures" / "ball.png").read_bytes() != picture


def test_noise_is_added_once_and_both_methods_fit_the_same_points(comparison):
    scans = compared_scans([comparison.scans[0].path], comparison.scans[0].truth, [0.0, 0.01])
    table = replace(comparison, scans=scans).run()
    assert [(row.scan, row.noise) for row in table.rows] == [("ball_0", 0.0)] * 2 + [("ball_0.01", 0.01)] * 2
    noisy = read_points(comparison.folder / "scans" / "ball_0.01.ply").points
    assert (noisy - BALL.vertices).std() == pytest.approx(0.01, rel=0.05)  # the ball is 1 across
    assert not (comparison.folder / "scans" / "ball_0.ply").exists()
