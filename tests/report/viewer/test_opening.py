"""Scenes of runs, files and fits in memory."""

import subprocess
import sys

import numpy as np
import pytest

from diffshape import fields, fitting, report
from diffshape.data import icosphere, write_mesh, write_points
from diffshape.report.scene.run import TO_SURFACE, TO_TRUTH, TRUTH
from diffshape.report.viewer import showing
from diffshape.report.viewer.opening import exhibits_of, result_exhibit

BALL = icosphere(3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder of a fit of the ball, and the result in memory."""
    folder = tmp_path_factory.mktemp("runs") / "ball" / "run"
    grid = fields.FeatureGridConfig(levels=2)
    method = fitting.IGR(normals="none", batch=64)
    return folder, fitting.fit_points(BALL.vertices, method, grid, steps=5, resolution=32, folder=folder)


@pytest.fixture
def files(tmp_path):
    write_mesh(tmp_path / "ball.ply", BALL)
    write_points(tmp_path / "scan.xyz", 1.1 * BALL.vertices)
    return tmp_path / "ball.ply", tmp_path / "scan.xyz"


def test_files_are_layers_of_one_scene_and_a_run_has_its_field(run, files):
    folder, result = run
    exhibits, notes = exhibits_of([files[1], folder, files[0]], None, None)
    assert [each.name for each in exhibits] == ["ball/run", "files"]
    assert notes == []
    assert [layer.name for layer in exhibits[1].scene.layers] == ["scan.xyz", "ball.ply"]
    assert exhibits[1].query is None
    places = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.9]])
    np.testing.assert_array_equal(exhibits[0].query(places), result.query(places))


def test_a_truth_colours_everything_by_its_distance(files):
    (exhibit,), _ = exhibits_of([files[1]], files[0], "y")
    truth, scan = exhibit.scene.layers
    assert (truth.name, truth.shown, exhibit.scene.up) == (TRUTH, False, "y")
    assert scan.colorings[TO_TRUTH].values.mean() == pytest.approx(0.05, abs=0.002)


def test_a_fit_in_memory_is_shown_as_its_folder_would_be(run):
    exhibit, notes = result_exhibit(run[1], truth=BALL)
    assert notes == []
    assert [layer.name for layer in exhibit.scene.layers] == [TRUTH, "input points", "surface"]
    assert set(exhibit.scene.layers[1].colorings) == {TO_TRUTH, TO_SURFACE}
    assert set(exhibit.scene.layers[2].colorings) == {TO_TRUTH, "confidence"}


def test_view_serves_until_it_is_closed_and_refuses_nothing_to_show(files):
    viewer = report.view(files[0])
    viewer.settle()
    assert viewer.server.scene.get_handle_by_name("/0/0").visible
    viewer.close()
    with pytest.raises(ValueError, match="paths must name a run folder or a file"):
        report.view([])
    with pytest.raises(FileNotFoundError):
        report.view(files[0].with_name("none.ply"))


def test_show_prints_the_address_and_need_not_block(run, capsys):
    viewer = run[1].show(block=False)
    assert capsys.readouterr().out == f"open {viewer.address} in a browser\n"
    viewer.close()


def test_show_blocks_until_ctrl_c(run, capsys, monkeypatch):
    def interrupt(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr("threading.Event.wait", lambda self, timeout=None: interrupt() if timeout == 1.0 else True)
    assert "closed" in repr(run[1].show())
    assert "Ctrl-C goes on" in capsys.readouterr().out


def test_in_a_notebook_the_scene_is_inline_and_nothing_blocks(run, monkeypatch, capsys):
    displayed = []
    monkeypatch.setattr(showing, "is_notebook", lambda stream: True)
    monkeypatch.setattr(showing, "_display", displayed.append)
    viewer = run[1].show()
    (html,) = displayed
    assert f'href="{viewer.address}"' in html
    assert html.startswith("<iframe srcdoc=")
    assert len(html) > 100_000  # the scene and what draws it, in one piece
    assert capsys.readouterr().out == ""
    viewer.close()


def test_results_do_not_load_the_viewer():
    program = "import sys, diffshape.fitting; print('diffshape.report' in sys.modules, 'viser' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
