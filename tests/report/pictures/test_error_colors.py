"""Errors of balls against a ball, which are known."""

from typing import Any

import numpy as np
import pytest

from diffshape.data import icosphere, read_mesh, write_mesh
from diffshape.report import error_mesh, error_strip
from diffshape.report.pictures.palettes import BAR_WIDTH, painted

TRUTH = icosphere(4)  # 1 across
LARGER = (1.2 * TRUTH.vertices, TRUTH.faces)


def test_the_error_of_each_vertex_is_its_distance_from_the_truth():
    mesh = error_mesh(LARGER, TRUTH, largest=0.2)
    np.testing.assert_allclose(mesh.attributes["error"], 0.1, atol=1e-3)
    half = painted(np.array([0.5]), 0.0, 1.0, "yellow-red")[0].astype(int)
    assert np.abs(mesh.attributes["colors"] - half).max() <= 3


def test_what_is_beyond_the_scale_has_its_last_color():
    colors = error_mesh(LARGER, TRUTH, largest=0.05).attributes["colors"]
    np.testing.assert_array_equal(colors, np.broadcast_to(painted(np.array([1.0]), 0, 1, "yellow-red"), colors.shape))


def test_a_file_keeps_the_errors(tmp_path):
    mesh = error_mesh(LARGER, TRUTH, largest=0.2)
    write_mesh(tmp_path / "error.ply", mesh)
    np.testing.assert_allclose(read_mesh(tmp_path / "error.ply").vertices, mesh.vertices, atol=1e-6)
    assert b"error" in (tmp_path / "error.ply").read_bytes()[:500]


def test_the_exact_one_is_pale_the_wrong_one_is_red_and_a_bar_says_so(tmp_path):
    image = error_strip([("a", TRUTH), ("b", LARGER)], TRUTH, largest=0.1, size=120, path=tmp_path / "errors.png")
    middles = [image[68, 68].astype(int), image[68, 68 + 128].astype(int)]
    assert middles[0][1] > 2 * middles[1][1]  # green: pale yellow against dark red
    scale = image[34 : len(image) - 20, image.shape[1] - BAR_WIDTH + 12]
    np.testing.assert_array_equal(scale[[0, -1]], painted(np.array([1.0, 0.0]), 0.0, 1.0, "yellow-red"))
    assert (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")


def test_shapes_that_are_no_pairs_are_refused():
    shapes: Any = [TRUTH.vertices]
    with pytest.raises(ValueError, match=r"error_strip: shapes\[0\] must be \(caption, mesh\)"):
        error_strip(shapes, TRUTH, size=120)
