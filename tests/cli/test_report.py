import shutil
from pathlib import Path

import pytest
from hand_made_runs import run_folder

from diffshape.batch import outputs
from diffshape.cli.main import main


def test_a_fit_has_a_report_and_it_can_be_made_again_elsewhere(finished, tmp_path, capsys):
    assert "Sections through the field" in (finished / "report.html").read_text(encoding="utf-8")
    assert main(["report", str(finished), "--out", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'page.html'}: ")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_its_default_place_is_the_folder_of_the_run(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "report.html").unlink()
    assert main(["report", str(run / "mesh.ply")]) == 0
    assert (run / "report.html").is_file()


def test_a_training_and_a_folder_of_runs_have_reports_too(capsys):
    run = run_folder("runs/one")
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out == "runs/one/report.html: 0.0 MB\n"
    assert main(["report", "runs"]) == 0
    assert 'href="one/report.html"' in Path("runs/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (["none"], "there is no such folder", 2),
        (["."], "is no folder of a fit, a training or a comparison, and holds none", 1),
        (["RUN", "--out", "page.pdf"], "unknown kind of file; it can be .html", 2),
        (["RUN", "--out", "."], "is a folder", 2),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(finished, capsys, words, sentence, code):
    assert main(["report", *[str(finished) if word == "RUN" else word for word in words]]) == code
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_a_report_that_fails_leaves_the_fit_whole(scan, tiny, tmp_path, monkeypatch, capsys):
    def failing(*_):
        raise RuntimeError("no room")

    monkeypatch.setattr(outputs, "write_fit_report", failing)
    assert main(["fit", str(scan), "--out", str(tmp_path / "run"), *tiny]) == 0
    told = capsys.readouterr()
    assert "no report.html: no room; the fit is whole" in told.err
    assert "report.html" not in told.out
    assert (tmp_path / "run" / "metrics.json").is_file()
