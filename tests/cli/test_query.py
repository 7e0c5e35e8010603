import numpy as np

from diffshape.cli.main import main


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
