import json

import numpy as np
import pytest

from diffshape.batch.inputs import remembered_inputs
from diffshape.cli.main import main
from diffshape.data import read_mesh, write_mesh, write_points


def test_mesh_writes_what_is_asked_for(finished, tmp_path, capsys):
    for name in ("a.stl", "a.glb"):
        assert main(["mesh", str(finished), "--resolution", "40", "--out", str(tmp_path / name)]) == 0
        assert len(read_mesh(tmp_path / name).faces) > 100
    assert main(["mesh", str(finished), "--out", "a.step"]) == 2
    assert main(["mesh", str(tmp_path)]) == 2
    assert "has no config.yaml" in capsys.readouterr().err


def test_query_answers_row_by_row(finished, tmp_path, capsys):
    rows = np.array([[5.0, 0, 0], [np.nan, 0, 0], [8.0, 0, 0]])
    np.save(tmp_path / "rows.npy", rows)
    assert main(["query", str(finished), "rows.npy", "--out", "d.npy"]) == 0
    distances = np.load(tmp_path / "d.npy")
    assert distances[0] < 0 < distances[2]
    assert np.isnan(distances[1])
    assert "1 are not finite" in capsys.readouterr().out
    assert main(["query", str(finished), "rows.npy", "--out", "d.csv"]) == 0
    assert (tmp_path / "d.csv").read_text().startswith("x,y,z,distance\n5,0,0,-")


def test_query_finds_columns_by_name_and_tells_notes(finished, tmp_path, capsys):
    (tmp_path / "q.csv").write_text(",x,y,z,label\n0,5,0,0,a\n1,8,0,0,b\n")
    assert main(["query", str(finished), "q.csv", "--out", "d.npy"]) == 0
    distances = np.load(tmp_path / "d.npy")
    assert distances[0] < 0 < distances[1]
    assert "q.csv: Column 5 ('label') holds words and is left out." in capsys.readouterr().err
    (tmp_path / "q.csv").write_text("x,y\n5,0\n")
    assert main(["query", str(finished), "q.csv"]) == 1
    assert "q.csv: no row of three numbers" in capsys.readouterr().err


def test_query_writes_digits_that_come_back(finished, tmp_path):
    rows = np.random.default_rng(0).normal(size=(20, 3)) + np.array([500123.456, 4512345.678, 321.5])
    np.save(tmp_path / "rows.npy", rows)
    assert main(["query", str(finished), "rows.npy", "--out", "d.csv"]) == 0
    assert np.array_equal(np.loadtxt(tmp_path / "d.csv", delimiter=",", skiprows=1)[:, :3], rows)


def test_query_names_a_folder(finished, capsys):
    assert main(["query", str(finished), str(finished)]) == 1
    assert "is the folder of a run, not a file" in capsys.readouterr().err


def test_eval_takes_a_run_or_a_mesh(finished, capsys):
    surface = str(finished / "mesh.ply")
    assert main(["eval", str(finished), surface, "--samples", "500", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chamfer"] < 1e-9
    assert main(["eval", surface, "none.ply"]) == 1


def test_points_in_another_unit_or_place_get_a_hint(finished, capsys, ball):
    for name, points, hint in (
        ("mm.npy", 1000 * ball(), "if one is in m and the other in mm"),
        ("far.npy", ball() + np.array([100, 0, 0]), "do not overlap: x is"),
    ):
        np.save(name, points)
        assert main(["query", str(finished), name]) == 0
        captured = capsys.readouterr()
        assert captured.err.startswith("hint: ")
        assert hint in captured.err
        assert "0.0% inside" in captured.out
    np.save("same.npy", ball())
    assert main(["query", str(finished), "same.npy"]) == 0
    assert not capsys.readouterr().err


def test_surfaces_in_another_unit_get_a_hint_beside_their_score(finished, capsys):
    import trimesh

    mesh = trimesh.load(finished / "mesh.ply")
    mesh.apply_scale(25.4).export("inches.ply")
    assert main(["eval", "inches.ply", str(finished), "--samples", "300", "--json"]) == 0
    captured = capsys.readouterr()
    assert "25.4 times as large" in captured.err
    assert json.loads(captured.out)["chamfer"] > 1


def test_what_is_up_is_remembered(finished, tmp_path):
    assert json.loads((finished / "metrics.json").read_text())["up"] == "z"
    inputs = json.loads((finished / "inputs.json").read_text())
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "inputs.json").write_text(json.dumps(inputs | {"up": "-y"}))
    assert remembered_inputs(tmp_path / "run", truth=None).up == "-y"
    assert remembered_inputs(tmp_path / "run", truth=None, up="x").up == "x"


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


def test_demo_fits_the_built_in_scan(monkeypatch, tmp_path, capsys, ball):
    import diffshape.data.synthetic.scans as scans

    monkeypatch.setattr(scans, "demo_scan", lambda: (ball(), read_mesh_of_a_box()))
    assert main(["demo", "--out", str(tmp_path / "demo"), "--steps", "2", "--resolution", "48"]) == 0
    assert "score: chamfer" in capsys.readouterr().out
    assert (tmp_path / "demo" / "fit" / "mesh.ply").is_file()


def read_mesh_of_a_box():
    import trimesh

    box = trimesh.creation.box()
    return box.vertices, box.faces
