import json

import numpy as np

from diffshape.cli.main import main
from diffshape.data import read_mesh


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
    assert "a folder; give one file of points in it" in capsys.readouterr().err


def test_eval_takes_a_run_or_a_mesh(finished, capsys):
    surface = str(finished / "mesh.ply")
    assert main(["eval", str(finished), surface, "--samples", "500", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chamfer"] < 1e-9
    assert main(["eval", surface, "none.ply"]) == 1


def test_demo_fits_the_built_in_scan(monkeypatch, tmp_path, capsys, ball):
    import diffshape.data.scan as scans

    monkeypatch.setattr(scans, "demo_scan", lambda: (ball(), read_mesh_of_a_box()))
    assert main(["demo", "--out", str(tmp_path / "demo"), "--steps", "2", "--resolution", "48"]) == 0
    assert "score: chamfer" in capsys.readouterr().out
    assert (tmp_path / "demo" / "fit" / "mesh.ply").is_file()


def read_mesh_of_a_box():
    import trimesh

    box = trimesh.creation.box()
    return box.vertices, box.faces
