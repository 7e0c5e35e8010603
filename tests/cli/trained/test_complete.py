import numpy as np
import pytest

from diffshape.cli.main import main
from diffshape.data import read_mesh, shape_family
from diffshape.models import load


@pytest.fixture
def half(tmp_path):
    """Half of the points of an ellipsoid."""
    vertices, _ = shape_family("ellipsoid", 1, seed=5).meshes()
    np.save(tmp_path / "half.npy", vertices[0][vertices[0][:, 0] > 0])
    return tmp_path / "half.npy"


def test_a_mesh_and_a_picture_are_written(family, half, tmp_path, capsys):
    assert main(["complete", str(family), str(half), "--out", str(tmp_path / "whole.obj")]) == 0
    mesh = read_mesh(tmp_path / "whole.obj")
    assert mesh.vertices[:, 0].min() < -0.05  # where there was no point
    assert (tmp_path / "whole.png").is_file()
    assert f"{tmp_path / 'whole.obj'}: {len(mesh.vertices):,} vertices" in capsys.readouterr().out


def test_it_is_kept_in_the_run_unless_told_where(family, half):
    assert main(["complete", str(family), str(half)]) == 0
    assert (family / "completed_half.ply").is_file()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["none.ply"], 1, "none.ply"),
        (["half.npy", "--out", "a.step"], 2, "unknown kind of file"),
    ],
)
def test_bad_words(family, half, capsys, words, code, message):
    assert main(["complete", str(family), *words]) == code
    assert message in capsys.readouterr().err


def test_only_models_that_complete_do(detector, half, capsys):
    assert main(["complete", str(detector), str(half)]) == 1
    assert "the model, LandmarkDetector, completes no scans; those that read points do" in capsys.readouterr().err


def test_where_the_model_has_no_surface_it_says_so(family, half, monkeypatch, capsys):
    from diffshape.data import Mesh
    from diffshape.models import DeepSDF

    nothing = Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    monkeypatch.setattr(DeepSDF, "complete", lambda self, points: nothing)
    assert main(["complete", str(family), str(half)]) == 1
    assert "the model finds no surface there" in capsys.readouterr().err


def test_the_model_is_that_of_the_run(family):
    assert load(family).codes.shape == (3, 4)
