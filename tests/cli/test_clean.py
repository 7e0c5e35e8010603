import json
from pathlib import Path

import numpy as np
import pytest

from diffshape.cli.main import main
from diffshape.data import as_points, icosphere, write_mesh, write_points


@pytest.fixture(scope="module")
def columns():
    """Colours and other columns of the rows of the scan."""
    count = np.arange(601)
    colors = (count[:, None] * [1, 2, 3] % 256).astype(np.uint8)
    return {"colors": colors, "intensity": count.astype(np.uint16), "time": 0.5 * count, "label": count % 3}


@pytest.fixture
def noisy(ball, columns):
    """A file of a noisy ball in the working folder: the first row is far away, the last is not finite."""
    points = ball(601) + 0.05 * np.random.default_rng(1).normal(size=(601, 3))
    points[0], points[-1] = [5, 0, 9], np.nan
    write_points("scan.ply", points, attributes=columns)
    return points


def radii(cloud):
    return np.linalg.norm(cloud.points[1:-1] - [5, 0, 0], axis=1)


def test_a_scan_is_cleaned_beside_itself_and_keeps_its_columns(noisy, columns, capsys):
    assert main(["clean", "scan.ply"]) == 0
    cloud = as_points("scan_clean.ply")
    assert (
        np.abs(radii(cloud) - 2).mean() < 0.04 > np.abs(np.linalg.norm(noisy[1:-1] - [5, 0, 0], axis=1) - 2).mean() / 2
    )
    for name, column in columns.items():
        np.testing.assert_array_equal(cloud.attributes[name], column)
    assert {*columns, "confidence", "error", "outlier"} == set(cloud.attributes)
    np.testing.assert_array_equal(cloud.attributes["outlier"][[0, 300, -1]], [1, 0, 1])
    np.testing.assert_array_equal(cloud.points[[0, -1]], noisy[[0, -1]])
    assert (cloud.attributes["confidence"][[0, -1]] == 0).all()
    lengths = np.linalg.norm(np.asarray(cloud.normals), axis=1)
    np.testing.assert_allclose(lengths, 1.0 - cloud.attributes["outlier"], atol=1e-6)
    assert Path("scan_clean.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr()
    for told in ("601 points", "noise 0.0", "2 outliers marked", "normals point outside", "scan_clean.png"):
        assert told in printed.out
    assert not printed.err


def test_outliers_are_left_out_on_request(noisy, columns):
    assert main(["clean", "scan.ply", "--drop-outliers", "--out", "kept.csv", "--quiet"]) == 0
    cloud = as_points("kept.csv")
    assert len(cloud) == 599
    np.testing.assert_array_equal(cloud.attributes["intensity"], columns["intensity"][1:-1])
    assert not cloud.attributes["outlier"].any()


def test_json_is_one_line_and_all_else_is_on_stderr(noisy, capsys):
    assert main(["clean", "scan.ply", "--json"]) == 0
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    facts = json.loads(line)
    assert (facts["file"], facts["picture"]) == ("scan_clean.ply", "scan_clean.png")
    assert (facts["points"], facts["outliers"], facts["oriented"]) == (601, 2, True)
    assert 0.03 < facts["noise"] < 0.08
    assert 0 < facts["mean_error"] < facts["noise"] < facts["spacing"]
    moves = np.linalg.norm(as_points("scan_clean.ply").points - noisy, axis=1)[1:-1]
    assert facts["mean_move"] == pytest.approx(moves.mean())
    assert "601 points" in printed.err


def test_a_given_noise_is_taken_and_quiet_prints_the_file_and_nothing_else(noisy, capsys):
    assert main(["clean", "scan.ply", "--noise", "0", "--out", "same.ply", "--quiet"]) == 0
    np.testing.assert_array_equal(as_points("same.ply").points, noisy)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("same.ply\n", "")


def test_what_was_cleaned_is_cleaned_again_and_told(noisy, capsys):
    assert main(["clean", "scan.ply", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["clean", "scan_clean.ply", "--out", "again.pcd"]) == 0
    assert "replaced columns of the scan: normals, confidence, error, outlier" in capsys.readouterr().out
    assert len(as_points("again.pcd").attributes) == len(as_points("scan_clean.ply").attributes)


@pytest.mark.slow
def test_a_mesh_is_drawn_from_and_told(capsys):
    write_mesh("ball.obj", *icosphere(1))
    assert main(["clean", "ball.obj"]) == 0
    assert len(as_points("ball_clean.ply")) == 30_000
    assert "30,000 points were drawn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "told"),
    [(np.eye(3), "has 3 distinct points"), (np.arange(9.0)[:, None] * [1, 2, 3], "lie on one line")],
)
def test_what_is_no_shape_is_refused_by_its_name(rows, told, capsys):
    np.save("few.npy", rows)
    assert main(["clean", "few.npy"]) == 1
    printed = capsys.readouterr().err
    assert "few.npy" in printed
    assert told in printed
    assert "clean_scan" not in printed
    assert not Path("few_clean.ply").exists()
