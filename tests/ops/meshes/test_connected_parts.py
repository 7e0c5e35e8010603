import numpy as np
import pytest
import trimesh

from diffshape.data import box_mesh, icosphere
from diffshape.ops.meshes.connected_parts import connected_parts, count_bodies, vertex_parts


def test_a_chain_and_loose_nodes():
    parts = connected_parts(np.array([5, 1]), np.array([3, 5]), 6)
    assert parts[1] == parts[3] == parts[5]
    assert len(set(parts[[0, 1, 2, 4]])) == 4


@pytest.mark.parametrize("count", [0, 3])
def test_without_links_every_node_is_a_part(count):
    none = np.empty(0, np.int64)
    assert connected_parts(none, none, count).tolist() == list(range(count))


def test_bodies_of_a_mesh_are_those_that_trimesh_counts():
    ball, box = icosphere(1), box_mesh(2)
    mesh = trimesh.util.concatenate(*(trimesh.Trimesh(*each, process=False) for each in (ball, box)))
    assert count_bodies(np.asarray(mesh.faces), len(mesh.vertices)) == mesh.body_count == 2


def test_a_vertex_of_no_face_is_a_part_and_no_body():
    faces = icosphere(1).faces
    parts = vertex_parts(faces, 43)
    assert len(set(parts[:42])) == 1
    assert parts[42] not in parts[:42]
    assert count_bodies(faces, 43) == 1


def test_bodies_that_share_a_vertex_are_one():
    assert count_bodies(np.array([[0, 1, 2], [2, 3, 4]]), 5) == 1


def test_no_faces_make_no_body():
    assert count_bodies(np.empty((0, 3), np.int64), 4) == 0
