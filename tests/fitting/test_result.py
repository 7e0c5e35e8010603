from dataclasses import replace

import numpy as np
import pytest
import torch

from diffshape.data import Frame
from diffshape.fields import LatentMLP, LatentMLPConfig, MLPConfig
from diffshape.fitting import DiffCD, FitResult
from diffshape.fitting.fit import Fit
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.scan_target import raw_target
from diffshape.metrics import compare_surfaces

CENTER = np.array([10.0, -5.0, 3.0])


@pytest.fixture
def exact(sphere_field, directions):
    """A ball of radius 2 at (10, -5, 3) with its exact field, as if fitted."""
    settings = FitSettings(method=DiffCD(), field=MLPConfig(), steps=1, seconds=None)
    field = sphere_field(0.5)
    field.config = MLPConfig()
    target = raw_target(0.5 * torch.from_numpy(directions(500)))
    fit = Fit(settings=settings, frame=Frame((10.0, -5.0, 3.0), 4.0), target=target, notes=(), as_torch=False)
    return FitResult(field, fit, 1, 0.0)


def test_the_mesh_lies_in_input_coordinates(exact):
    mesh = exact.mesh(64)
    assert isinstance(mesh.vertices, np.ndarray)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices - CENTER, axis=1), 2, atol=0.01)
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    outward = np.cross(b - a, c - a) * ((a + b + c) / 3 - CENTER)
    assert (outward.sum(axis=1) > 0).all()
    assert len(np.unique(mesh.faces)) == len(mesh.vertices)
    assert len(mesh.vertices) - len(mesh.faces) // 2 == 2


def test_resolution_makes_the_mesh_finer(exact):
    assert len(exact.mesh(48).faces) > 2 * len(exact.mesh(24).faces)


def test_distances_are_in_input_units_and_negative_inside(exact):
    points = CENTER + np.array([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]])
    np.testing.assert_allclose(exact.query(points), [-2, 1, 0], atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (4, 3), (2, 5, 3)])
def test_a_query_keeps_leading_shapes_and_kinds(exact, shape):
    for dtype in (np.float32, np.float64, np.int64):
        assert exact.query(np.ones(shape, dtype)).shape == shape[:-1]
    for dtype in (torch.float32, torch.float64):
        answer = exact.query(torch.ones(shape, dtype=dtype))
        assert isinstance(answer, torch.Tensor)
        assert answer.dtype == dtype
        assert answer.shape == shape[:-1]
        assert not answer.requires_grad
    assert exact.query(torch.ones(shape, dtype=torch.int64)).dtype == torch.float32
    assert isinstance(exact.query(np.ones(shape)), (np.ndarray, np.floating))


def test_lists_may_be_asked_too(exact):
    np.testing.assert_allclose(exact.query([CENTER.tolist()]), [-2], atol=1e-5)


@pytest.mark.parametrize("shape", [(), (2,), (3, 2), (3, 4), (0,)])
def test_a_query_of_another_shape_is_refused(exact, shape):
    with pytest.raises(ValueError, match=r"FitResult\.query: points must be finite, of shape \(\.\.\., 3\), got \("):
        exact.query(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_query_that_is_no_place_is_refused(exact, value):
    with pytest.raises(ValueError, match=r"FitResult\.query: points must be finite"):
        exact.query(np.array([[0.0, value, 0.0]]))


def test_a_long_query_is_the_sum_of_its_chunks(exact, monkeypatch):
    points = np.random.default_rng(0).normal(size=(100, 3))
    whole = exact.query(points)
    monkeypatch.setattr("diffshape.fields.field.CHUNK", 7)
    np.testing.assert_array_equal(exact.query(points), whole)


def test_an_exported_field_takes_input_coordinates(exact, tmp_path):
    points = CENTER + np.array([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]])
    module = torch.jit.load(exact.export(tmp_path / "ball.pt"))
    np.testing.assert_allclose(module(torch.from_numpy(points).float()), exact.query(points), atol=1e-5)
    with pytest.raises(ValueError, match="format must be one of"):
        exact.export(tmp_path / "ball.bin")


def test_a_fit_to_a_tensor_gives_tensors(exact):
    mesh = replace(exact, fit=replace(exact.fit, as_torch=True)).mesh(32)
    assert isinstance(mesh.vertices, torch.Tensor)
    assert mesh.faces.dtype == torch.int64
    np.testing.assert_array_equal(mesh.vertices.numpy(), exact.mesh(32).vertices)


def test_a_field_without_a_surface_has_an_empty_mesh(exact):
    exact.field.radius.data.fill_(-0.5)
    mesh = exact.mesh(32)
    assert mesh.vertices.shape == mesh.faces.shape == (0, 3)


def test_a_surface_that_leaves_the_box_is_closed(exact):
    exact.field.radius.data.fill_(1.0)
    score = compare_surfaces(exact.mesh(32), exact.mesh(32), samples=100)
    assert score.watertight


def test_the_box_is_the_fields_own(exact, small_field):
    from diffshape.fields import build_field

    assert exact.target.box(exact.field) == (-0.8, 0.8)
    assert exact.target.box(build_field(replace(small_field, box=(-0.6, 0.7)))) == (-0.6, 0.7)


def test_a_real_fit_finds_centre_and_radius(ball_fit):
    vertices = ball_fit.mesh(64).vertices
    np.testing.assert_allclose((vertices.min(0) + vertices.max(0)) / 2, CENTER, atol=0.04)
    assert np.linalg.norm(vertices - CENTER, axis=1).mean() == pytest.approx(2, rel=0.02)
    assert ball_fit.query(CENTER) < -1
    assert ball_fit.query(CENTER + np.array([4, 0, 0])) == pytest.approx(2, rel=0.1)
    assert (ball_fit.step, ball_fit.interrupted, ball_fit.folder, ball_fit.notes) == (80, False, None, ())


def test_dropout_has_no_say_in_an_answer(exact):
    field = LatentMLP(LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(), dropout=0.5))
    result = replace(exact, field=field.train())
    points = np.ones((50, 3))
    assert np.array_equal(result.query(points), result.query(points))
