"""``diffshape mesh`` and ``query`` of a shape of a training."""

import numpy as np
import pytest
import torch

from diffshape.cli.main import main
from diffshape.data import SignedDistance, read_mesh


def test_a_shape_of_the_training_is_meshed_and_asked(family, tmp_path, capsys):
    assert main(["mesh", str(family), "--shape", "1", "--resolution", "48"]) == 0
    mesh = read_mesh(family / "1_48.ply")
    assert f"{len(mesh.faces):,} faces" in capsys.readouterr().out
    points = np.array([mesh.vertices.mean(axis=0), [0.0, 0.0, 5.0]])
    np.save(tmp_path / "points.npy", points)
    words = ["query", str(family), str(tmp_path / "points.npy"), "--shape", "1", "--out", str(tmp_path / "out.npy")]
    assert main(words) == 0
    exact = SignedDistance(mesh)
    true = exact.frame.distances_from_unit(exact(torch.from_numpy(exact.frame.to_unit(points))))
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), true, atol=1e-5)
    assert true[0] < 0 < true[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mesh"], "name one of its shapes by --shape"),
        (["mesh", "--shape", "chair 99"], "no shape of the training"),
        (["mesh", "--shape", "0", "--open"], "leave them out with --shape"),
        (["query", "points.npy", "--shape", "chair 99"], "no shape of the training"),
    ],
)
def test_what_is_no_shape_is_refused(family, words, message, capsys):
    np.save("points.npy", np.zeros((1, 3)))
    assert main([words[0], str(family), *words[1:]]) != 0
    assert message in capsys.readouterr().err


def test_models_without_surfaces_say_so(detector, capsys):
    assert main(["mesh", str(detector), "--shape", "0"]) == 1
    assert "makes no surfaces" in capsys.readouterr().err
