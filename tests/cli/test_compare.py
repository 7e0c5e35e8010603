"""``diffshape compare`` on a ball, two methods, two steps."""

import json
from pathlib import Path

import numpy as np
import pytest

from diffshape._files import read_yaml
from diffshape.cli.main import main
from diffshape.data import icosphere, write_mesh, write_points

BALL = icosphere(2)
SMALL = ["--methods", "igr,neural-pull", "--steps", "2", "--resolution", "24", "--device", "cpu", "--out", "out"]


@pytest.fixture(autouse=True)
def ball():
    """A scan and its true surface in the working folder."""
    write_mesh("truth.ply", *BALL)
    write_points("ball.ply", icosphere(3).vertices)


@pytest.mark.slow
def test_a_comparison_prints_rows_means_and_files_and_goes_on(capsys):
    command = ["compare", "ball.ply", *SMALL, "--truth", "truth.ply"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    for told in (
        "1 scan x 2 methods: 2 fits on cpu",
        "ball, igr: ",
        "ball, neural-pull: ",
        "Chamfer x1e3",
        "table.tex",
    ):
        assert told in printed
    assert Path("out/pictures/ball_errors.png").is_file()
    assert "runs/ball/igr/report.html" in Path("out/report.html").read_text(encoding="utf-8")
    log = Path("out/runs/ball/igr/log.csv")
    before = log.stat().st_mtime_ns
    assert main([*command, "--quiet"]) == 0
    assert capsys.readouterr().out == "out\n"
    assert log.stat().st_mtime_ns == before
    assert main([*command, "--steps", "3"]) != 0
    assert "begun with other settings" in capsys.readouterr().err


def test_normals_are_chosen_for_the_methods_that_have_a_choice():
    assert main(["compare", "ball.ply", *SMALL, "--normals", "none"]) == 0
    chosen = {name: read_yaml(Path("out/runs/ball", name, "config.yaml"))["method"] for name in ("igr", "neural-pull")}
    assert chosen["igr"]["normals"] == "none"
    assert "normals" not in chosen["neural-pull"]


def test_a_bad_scan_is_a_row_and_the_exit_code_says_that_some_failed(capsys):
    np.save("few.npy", np.eye(3)[:2])
    assert main(["compare", "few.npy", "ball.ply", *SMALL, "--json"]) == 3
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["folder"], told["failed"], len(told["rows"])) == ("out", 2, 4)
    failed, done = told["rows"][0], told["rows"][2]
    assert (failed["scan"], failed["method"]) == ("few", "igr")
    assert "few.npy" in failed["error"]
    assert (done["error"], done["steps"], done["chamfer"]) == (None, 2, None)  # no truth is given
    assert 0 <= done["spurious_share"] <= 1


def test_it_fails_if_every_fit_does(capsys):
    np.save("few.npy", np.eye(3)[:2])
    assert main(["compare", "few.npy", *SMALL]) == 1
    assert "2 of 2 fits failed; the same command with --out out tries them again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--methods", "igr,diffdc"], "there is no method 'diffdc'"),
        (["--noise", "0,much"], "--noise must be numbers from 0 to 1"),
        (["--steps", "0"], "--steps"),
        (["--methods", "neural-pull", "--normals", "none"], "--normals has no effect on neural-pull; leave it out"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(options, told, capsys):
    assert main(["compare", "ball.ply", "--out", "out", *options]) == 2
    assert told in capsys.readouterr().err
    assert not Path("out").exists()
