from diffshape.cli.main import main
from diffshape.data import read_mesh


def test_mesh_writes_what_is_asked_for(finished, tmp_path, capsys):
    for name in ("a.stl", "a.glb"):
        assert main(["mesh", str(finished), "--resolution", "40", "--out", str(tmp_path / name)]) == 0
        assert len(read_mesh(tmp_path / name).faces) > 100
    assert main(["mesh", str(finished), "--out", "a.step"]) == 2
    assert main(["mesh", str(tmp_path)]) == 2
    assert "has no config.yaml" in capsys.readouterr().err
