"""Surfaces as binary glTF."""

import io

import numpy as np
import pytest
import trimesh

from diffshape.data import Mesh, icosphere
from diffshape.data.formats.glb.numbers import GlbNumbers
from diffshape.report.viewer.drawing import drawn_surface, surface_glb
from diffshape.report.viewer.plane import Plane

BALL = Mesh(2 * icosphere(3).vertices, icosphere(3).faces)


def read(glb: bytes) -> trimesh.Trimesh:
    return trimesh.load(io.BytesIO(glb), file_type="glb", force="mesh", process=False)


def test_normals_point_outside():
    surface = drawn_surface(BALL.vertices, BALL.faces)
    assert (surface.normals * BALL.vertices).sum(axis=1).min() > 0.999


def test_a_whole_surface_has_all_its_faces_and_linear_colours():
    gray = np.full((len(BALL.vertices), 3), 188, np.uint8)  # half the light of white
    glb = surface_glb(drawn_surface(BALL.vertices, BALL.faces), gray, None, far=False)
    assert len(read(glb).faces) == len(BALL.faces)
    attributes = GlbNumbers(glb).description["meshes"][0]["primitives"][0]["attributes"]
    assert set(np.round(255 * GlbNumbers(glb).accessor(attributes["COLOR_0"])[:, :3]).ravel()) == {128}


@pytest.mark.parametrize("far", [False, True])
def test_a_cut_surface_ends_at_the_plane_in_interpolated_colours(far):
    heights = np.where(BALL.vertices[:, [2, 2, 2]] > 0, 255, 0).astype(np.uint8)
    mesh = read(surface_glb(drawn_surface(BALL.vertices, BALL.faces), heights, Plane("z", 0.25), far))
    low, high = mesh.bounds[:, 2]
    expected = (0.25, 1.0) if far else (-1.0, 0.25)
    assert (low, high) == pytest.approx(expected, abs=1e-3)


def test_nothing_is_left_beyond_the_surface():
    colors = np.zeros((len(BALL.vertices), 3), np.uint8)
    assert surface_glb(drawn_surface(BALL.vertices, BALL.faces), colors, Plane("x", -2.0), far=False) == b""
    nothing = drawn_surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    assert surface_glb(nothing, np.zeros((0, 3), np.uint8), None, far=False) == b""
