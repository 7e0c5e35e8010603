from pathlib import Path

import numpy as np
import pytest

from diffshape.cli.main import main
from diffshape.data import read_mesh, shape_family, write_mesh
from diffshape.models import load


def test_from_one_shape_to_another(family, tmp_path, capsys):
    words = ["interpolate", str(family), "ellipsoid 0", "2", "--steps", "4", "--out", str(tmp_path / "between")]
    assert main(words) == 0
    assert len(list((tmp_path / "between").glob("*.ply"))) == 4
    assert (tmp_path / "between" / "shapes.png").is_file()
    model = load(family)
    for name, number in (("0000", 0), ("0003", 2)):
        found = read_mesh(tmp_path / "between" / f"{name}.ply")
        assert np.allclose(found.vertices, model.mesh(model.codes[number]).vertices)


def test_shapes_may_be_files(family, tmp_path):
    vertices, faces = shape_family("ellipsoid", 1, seed=5).meshes()
    write_mesh(tmp_path / "other.ply", vertices[0], faces)
    np.save(tmp_path / "cloud.npy", vertices[0])
    words = [str(tmp_path / "other.ply"), "ellipsoid 1", "--steps", "2", "--out", str(tmp_path / "a")]
    assert main(["interpolate", str(family), *words]) == 0
    assert len(list((tmp_path / "a").glob("*.ply"))) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ellipsoid 0", "3"], "'3' is no file and no shape of the training"),
        (["elipsoid 0", "1"], "did you mean ellipsoid 0?"),
        (["0", "1", "--steps", "1"], "--steps must be at least 2, got 1"),
    ],
)
def test_bad_words(family, capsys, words, message):
    assert main(["interpolate", str(family), *words]) != 0
    assert message in capsys.readouterr().err
    assert not list(Path().iterdir())


def test_only_models_with_codes_do(detector, capsys):
    assert main(["interpolate", str(detector), "0", "1"]) == 1
    assert "the model, LandmarkDetector, has no codes of shapes" in capsys.readouterr().err
