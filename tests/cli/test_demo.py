from diffshape.cli.main import main


def test_demo_fits_the_built_in_scan(monkeypatch, tmp_path, capsys, ball):
    import diffshape.data.synthetic.scans as scans

    monkeypatch.setattr(scans, "demo_scan", lambda: (ball(), read_mesh_of_a_box()))
    assert main(["demo", "--out", str(tmp_path / "demo"), "--steps", "2", "--resolution", "48"]) == 0
    assert "score, where the longest side is 1: chamfer" in capsys.readouterr().out
    assert (tmp_path / "demo" / "fit" / "mesh.ply").is_file()


def read_mesh_of_a_box():
    import trimesh

    box = trimesh.creation.box()
    return box.vertices, box.faces
