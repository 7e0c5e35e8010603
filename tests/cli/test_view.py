"""``diffshape view``."""

import socket

import pytest

from diffshape.cli.main import main
from diffshape.data import icosphere, write_mesh

pytest.importorskip("viser")


@pytest.fixture
def ball_file(tmp_path):
    write_mesh(tmp_path / "ball.ply", icosphere(1))
    return str(tmp_path / "ball.ply")


@pytest.fixture
def ctrl_c(monkeypatch):
    """Ctrl-C as soon as the viewer waits."""
    from diffshape.report.viewer.viewer import Viewer

    def closed(viewer):
        viewer.settle()
        viewer.close()

    monkeypatch.setattr(Viewer, "wait", closed)


def test_it_prints_the_address_and_ends_with_0(ctrl_c, ball_file, finished, capsys):
    assert main(["view", ball_file, str(finished)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("open http://127.0.0.1:")
    assert out.endswith("in a browser; Ctrl-C ends\n")


def test_a_port_that_is_taken_is_one_sentence(ball_file, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["view", ball_file, "--port", str(port)]) == 1
    assert capsys.readouterr().err == f"diffshape: port {port} of 127.0.0.1 is taken; give another port, or none\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "RUN|FILE... is missing"),
        (["none.ply"], "none.ply"),
        (["{ball}", "--port", "0"], "--port must be at least 1, got 0"),
        (["{ball}", "--truth", "none.ply"], "none.ply"),
        (["{ball}", "."], "has no config.yaml"),
    ],
)
def test_what_cannot_be_shown_is_said(ball_file, words, said, capsys):
    assert main(["view", *(word.format(ball=ball_file) for word in words)]) in (1, 2)
    assert said in capsys.readouterr().err


def test_a_fit_that_is_watched_stays_open_and_ends_with_0(ctrl_c, scan, tiny, tmp_path, capsys):
    words = ["fit", str(scan), "--out", str(tmp_path / "run"), *tiny]
    assert main([*words, "--vis", "viewer"]) == 0
    out = capsys.readouterr().out
    assert "watch it in a browser: http://127.0.0.1:" in out
    assert "the viewer stays at" in out


def test_where_the_viewer_listens_needs_a_viewer(scan, capsys):
    assert main(["fit", str(scan), "--viewer-port", "9000"]) == 2
    assert "--viewer-port has no effect without --vis viewer" in capsys.readouterr().err
