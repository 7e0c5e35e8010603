import pytest

from diffshape.cli.main import main
from diffshape.data import read_mesh


def test_mesh_writes_what_is_asked_for(finished, tmp_path, capsys):
    for name in ("a.stl", "a.glb"):
        assert main(["mesh", str(finished), "--resolution", "40", "--out", str(tmp_path / name)]) == 0
        assert len(read_mesh(tmp_path / name).faces) > 100
    assert main(["mesh", str(finished), "--out", "a.step"]) == 2
    assert main(["mesh", str(tmp_path)]) == 2
    assert "has no config.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "asked"), [([], None), (["--open"], True), (["--closed"], False)])
def test_open_and_closed_are_as_the_run_says_unless_asked_for(finished, tmp_path, monkeypatch, words, asked):
    from diffshape.fitting import FitResult

    mesh, heard = FitResult.mesh, []

    def listening(result, resolution, *, open):
        heard.append(open)
        return mesh(result, resolution, open=open)

    monkeypatch.setattr(FitResult, "mesh", listening)
    assert main(["mesh", str(finished), "--resolution", "32", "--out", str(tmp_path / "a.ply"), *words]) == 0
    assert heard == [asked]
    assert "confidence" in read_mesh(tmp_path / "a.ply").attributes


def test_open_and_closed_exclude_each_other(finished, capsys):
    assert main(["mesh", str(finished), "--open", "--closed"]) == 2
    assert "give --open or --closed, not both" in capsys.readouterr().err
