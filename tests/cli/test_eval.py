import json

import numpy as np
import pytest

from diffshape.cli.main import main
from diffshape.data import write_mesh, write_points


def test_eval_takes_a_run_or_a_mesh(finished, capsys):
    surface = str(finished / "mesh.ply")
    assert main(["eval", str(finished), surface, "--samples", "500", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chamfer"] < 1e-9
    assert main(["eval", surface, "none.ply"]) == 1


def test_surfaces_in_another_unit_get_a_hint_beside_their_score(finished, capsys):
    import trimesh

    mesh = trimesh.load(finished / "mesh.ply")
    mesh.apply_scale(25.4).export("inches.ply")
    assert main(["eval", "inches.ply", str(finished), "--samples", "300", "--json"]) == 0
    captured = capsys.readouterr()
    assert "25.4 times as large" in captured.err
    assert json.loads(captured.out)["chamfer"] > 1


def test_eval_takes_a_cloud(tmp_path, capsys):
    corners = np.array([[0.0, 0, 0], [20, 0, 0], [20, 20, 0], [0, 20, 0]])
    write_mesh(tmp_path / "truth.ply", corners, np.array([[0, 1, 2], [0, 2, 3]]))
    points = np.concatenate([corners, [[10.0, 10, 4]]])
    write_points(tmp_path / "scan.ply", points)
    np.savetxt(tmp_path / "scan.xyz", np.concatenate([points, [[np.nan] * 3]]))
    for scan in ("scan.ply", "scan.xyz"):
        files = [str(tmp_path / scan), str(tmp_path / "truth.ply")]
        assert main(["eval", *files, "--samples", "500", "--json"]) == 0
        told = capsys.readouterr()
        score = json.loads(told.out)
        assert score["accuracy"] == pytest.approx(0.04)
        assert (score["points"], score["longest_side"]) == (5, 20)
        assert ("1 of 6 points was dropped" in told.err) == (scan == "scan.xyz")
        assert main(["eval", *files, "--samples", "500"]) == 0
        told = capsys.readouterr().out
        assert "a cloud of 5 points, against the surface of" in told
        assert "shares of its\nlongest side, 20. " in told
        assert "accuracy x1e3 40.000, completeness x1e3" in told
    assert main(["eval", str(tmp_path / "truth.ply"), str(tmp_path / "scan.xyz")]) == 1
