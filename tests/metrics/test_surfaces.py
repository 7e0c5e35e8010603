import dataclasses
import importlib.util
import json

import numpy as np
import pytest
import torch
import trimesh

from diffshape.metrics import compare_surfaces


def box(extent=1.0, shift=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.box((extent, extent, extent))
    mesh.apply_translation(shift)
    return mesh


def square(height):
    vertices = np.array([[0, 0, height], [1, 0, height], [1, 1, height], [0, 1, height]], float)
    return vertices, np.array([[0, 1, 2], [0, 2, 3]])


def test_truth_against_itself_is_exactly_zero():
    ball = trimesh.creation.icosphere(3)
    score = compare_surfaces(ball, ball, samples=3000)
    assert score.chamfer == pytest.approx(0, abs=1e-9)
    assert score.hausdorff == pytest.approx(0, abs=1e-8)
    assert score.normal_deg == pytest.approx(0, abs=1e-3)
    assert (score.f_score, score.precision, score.recall, score.iou) == (1, 1, 1, 1)
    assert (score.bodies, score.watertight) == (1, True)


def test_parallel_squares():
    score = compare_surfaces(square(0.03), square(0.0), samples=500, threshold=0.031)
    for distance in (score.chamfer, score.hausdorff, score.pred_to_truth, score.truth_to_pred):
        assert distance == pytest.approx(0.03)
    assert score.normal_deg == pytest.approx(0, abs=1e-5)
    assert score.f_score == 1
    assert compare_surfaces(square(0.03), square(0.0), samples=500, threshold=0.029).f_score == 0
    assert (score.iou, score.watertight) == (None, False)


def test_sides_are_told_apart():
    half = (np.array([[0, 0, 0], [0.5, 0, 0], [0.5, 1, 0], [0, 1, 0.0]]), np.array([[0, 1, 2], [0, 2, 3]]))
    score = compare_surfaces(half, square(0.0), samples=20_000, threshold=0.25)
    assert score.pred_to_truth == pytest.approx(0, abs=1e-12)
    assert score.truth_to_pred == pytest.approx(0.125, rel=0.03)  # mean of max(x - 1/2, 0)
    assert score.chamfer == pytest.approx(score.truth_to_pred / 2)
    assert score.hausdorff == pytest.approx(0.5, rel=0.01)
    assert score.precision == 1
    assert score.recall == pytest.approx(0.75, abs=0.02)
    assert score.f_score == pytest.approx(2 * score.recall / (1 + score.recall))


def test_normals_ignore_the_sign_and_measure_the_angle():
    vertices, faces = square(0.0)
    assert compare_surfaces((vertices, faces[:, ::-1]), (vertices, faces), samples=100).normal_deg < 1e-4
    tilt = trimesh.transformations.rotation_matrix(np.radians(30), [1, 0, 0])[:3, :3]
    score = compare_surfaces((vertices @ tilt.T, faces), (vertices, faces), samples=200)
    assert score.normal_deg == pytest.approx(30, abs=1e-4)


def test_volume_iou_of_shifted_boxes():
    score = compare_surfaces(box(shift=(0.5, 0, 0)), box(), samples=30_000)
    assert score.iou == pytest.approx(1 / 3, abs=0.01)
    assert compare_surfaces(box(0.5), box(), samples=30_000).iou == pytest.approx(1 / 8, abs=0.01)
    assert compare_surfaces(box(shift=(3, 0, 0)), box(), samples=3000).iou == 0


def test_iou_of_a_mesh_wound_inside_out():
    inverted = (box().vertices.copy(), box().faces[:, ::-1])
    assert compare_surfaces(inverted, box(), samples=2000).iou == 1


def test_units_are_shares_of_the_truth():
    for scale in (1e-4, 1.0, 1e5):
        truth, pred = box(scale), box(scale, shift=(0.1 * scale, 0, 0))
        score = compare_surfaces(pred, truth, samples=2000)
        assert score.hausdorff == pytest.approx(0.1)
        assert score.chamfer == pytest.approx(compare_surfaces(box(1, (0.1, 0, 0)), box(), samples=2000).chamfer)


def test_bodies_and_watertightness():
    two = trimesh.util.concatenate([box(), box(shift=(3, 0, 0))])
    score = compare_surfaces(two, box(), samples=300)
    assert (score.bodies, score.watertight) == (2, True)
    holed = (box().vertices.copy(), box().faces[1:])
    score = compare_surfaces(holed, box(), samples=300)
    assert (score.bodies, score.watertight, score.iou) == (1, False, None)
    soup = box().triangles.reshape(-1, 3).copy(), np.arange(36).reshape(-1, 3)
    score = compare_surfaces(soup, box(), samples=300)
    assert (score.bodies, score.watertight) == (1, True)
    stray = np.concatenate([box().vertices, [[np.nan, 0, 0], [9, 9, 9]]]), box().faces.copy()
    assert compare_surfaces(stray, box(), samples=300) == compare_surfaces(box(), box(), samples=300)


@pytest.mark.parametrize(
    "empty",
    [
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (torch.zeros(0, 3), torch.zeros(0, 3).long()),
        (np.zeros((3, 3)), np.array([[0, 1, 2]])),
        trimesh.Trimesh(),
    ],
)
def test_empty_prediction(empty):
    score = compare_surfaces(empty, box(), samples=10)
    assert score.chamfer is score.hausdorff is score.normal_deg is None
    assert (score.f_score, score.iou, score.bodies, score.watertight) == (0, 0, 0, False)
    assert str(score).startswith("chamfer x1e3 none")
    assert compare_surfaces(empty, square(0.0), samples=10).iou is None


def test_inputs_are_read_alike_and_left_alone():
    pred = box(shift=(0.1, 0, 0))
    before = pred.vertices.copy()
    first = compare_surfaces(pred, box(), samples=300)
    second = compare_surfaces((torch.tensor(before), torch.tensor(pred.faces.copy())), box(), samples=300)
    assert first == second
    assert np.array_equal(pred.vertices, before)
    assert first != compare_surfaces(pred, box(), samples=300, seed=1)


def test_json():
    score = compare_surfaces(box(0.9), box(), samples=100)
    assert json.loads(json.dumps(score.to_dict())) == dataclasses.asdict(score)


@pytest.mark.parametrize(
    ("pred", "truth", "options", "message"),
    [
        (box(), box(), {"samples": 0}, "samples must be at least 1, got 0"),
        (box(), box(), {"threshold": 0.0}, "threshold must be a positive number"),
        ("bunny.vtk", box(), {}, r"bunny\.vtk: unknown mesh format"),
        ([[0, 0, 0]], box(), {}, r"pred must be a path, a trimesh\.Trimesh or \(vertices, faces\), got list"),
        (
            box(),
            (np.zeros((4, 2)), np.zeros((1, 3), int)),
            {},
            r"truth vertices must have shape \(V, 3\), got \(4, 2\)",
        ),
        ((np.zeros((4, 3)), np.zeros((1, 4), int)), box(), {}, r"pred faces must be integers of shape \(F, 3\)"),
        ((np.zeros((4, 3)), np.zeros((1, 3))), box(), {}, "pred faces must be integers"),
        ((np.zeros((4, 3)), np.array([[0, 1, 4]])), box(), {}, "pred faces must index vertices 0 to 3, got 0 to 4"),
        ((np.full((3, 3), np.nan), np.array([[0, 1, 2]])), box(), {}, "pred vertices of some face are NaN"),
        (box(), (np.zeros((0, 3)), np.zeros((0, 3))), {}, "truth has no face of positive area"),
    ],
)
def test_bad_input(pred, truth, options, message):
    with pytest.raises(ValueError, match=message):
        compare_surfaces(pred, truth, **options)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["spot", "bunny-open", "anchor"])
def test_agrees_with_the_scoring_script(shared, name):
    spec = importlib.util.spec_from_file_location("score_surface", shared / "tools" / "score_surface.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    truth = script.load(shared / "data" / "meshes" / f"{name}.ply")
    pred = truth.copy()
    noise = np.random.default_rng(0).normal(size=pred.vertices.shape)
    pred.vertices = pred.vertices + 0.004 * truth.extents.max() * noise
    expected, score = script.score(pred, truth, 5000), compare_surfaces(pred, truth, samples=5000)
    assert 1e3 * score.chamfer == pytest.approx(expected["chamfer"], abs=1e-4)
    assert score.hausdorff == pytest.approx(expected["hausdorff"], abs=1e-5)
    assert score.normal_deg == pytest.approx(expected["normal_deg"], abs=1e-3)
    assert (score.bodies, score.watertight) == (expected["bodies"], expected["watertight"])


def test_a_file_is_compared_as_what_it_holds(tmp_path):
    box().export(tmp_path / "box.ply")
    larger = box().apply_scale(1.1)
    assert compare_surfaces(tmp_path / "box.ply", larger, samples=500) == compare_surfaces(box(), larger, samples=500)
