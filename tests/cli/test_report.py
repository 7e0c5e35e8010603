from pathlib import Path

import pytest

from diffshape.cli.main import main
from hand_made_runs import run_folder


def test_the_report_of_a_folder_is_written_and_named(capsys):
    run = run_folder("runs/one")
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out == "runs/one/report.html: 0.0 MB\n"
    assert main(["report", str(run / "config.yaml"), "--out", "page.html"]) == 0
    assert Path("page.html").read_text(encoding="utf-8") == (run / "report.html").read_text(encoding="utf-8")
    assert main(["report", "runs"]) == 0
    assert 'href="one/report.html"' in Path("runs/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["nothing"], "there is no such folder of runs", 2),
        (["."], "is no folder of a fit, a training or a comparison, and holds none", 1),
        ([".", "--out", "page.pdf"], "unknown kind of file", 2),
    ],
)
def test_what_cannot_be_meant_is_said(capsys, words, told, code):
    assert main(["report", *words]) == code
    assert told in capsys.readouterr().err
