import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffshape.data import box_mesh, icosphere, write_mesh
from diffshape.fields import HASH_GRIDS, FeatureGridConfig, HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fitting import DiffCD, Supervised, fit_mesh, fit_points, load, resume_fit, score_field
from diffshape.metrics import compare_surfaces

SMALL = replace(HASH_GRIDS["small"], levels=4, finest=64, log2_entries=12, width=16)
QUICK = Supervised(batch=1024, pool=60_000, fresh=200)


@pytest.fixture(scope="module")
def ball():
    """A sphere of radius 3 around (10, 0, -5)."""
    sphere = icosphere(4)
    return 3 * sphere.vertices / np.linalg.norm(sphere.vertices, axis=1, keepdims=True) + [10, 0, -5], sphere.faces


@pytest.fixture(scope="module")
def fitted(ball):
    return fit_mesh(ball, QUICK, SMALL, steps=300)


def weights(result):
    return torch.cat([each.flatten() for each in result.field.state_dict().values()])


@pytest.mark.parametrize("threads", [2, 3])
def test_a_small_grid_has_the_same_bits_with_any_number_of_threads(ball, threads):
    """It learns in one thread, and a true distance does not depend on which thread computes it."""
    method, found = replace(QUICK, pool=2000), torch.get_num_threads()
    try:
        one, several = (
            torch.set_num_threads(count) or fit_mesh(ball, method, SMALL, steps=5) for count in (1, threads)
        )
    finally:
        torch.set_num_threads(found)
    assert torch.equal(weights(one), weights(several))


def test_distances_come_back_in_input_units(fitted):
    points = np.array([[11.5, 0.0, -5.0], [10.0, 0.0, -2.0], [12.9, 0.0, -2.1]])
    np.testing.assert_allclose(fitted.query(points), [-1.5, 0, 1.1], atol=0.1)


def test_the_surface_is_meshed_in_input_coordinates(fitted, ball):
    mesh = fitted.mesh(64)
    score = compare_surfaces(mesh, ball)
    assert score.chamfer < 5e-3
    assert score.watertight
    assert score.bodies == 1


def test_a_mesh_that_encodes_a_mesh_is_never_open_and_tells_nothing_of_points(fitted):
    assert fitted.mesh(32).attributes == {}
    with pytest.raises(ValueError, match=r"FitResult\.mesh: open is for fits of scans"):
        fitted.mesh(32, open=True)


def test_the_score_is_high_and_needs_a_mesh(fitted, ball):
    score = score_field(fitted, samples=20_000, resolution=48)
    assert score.f1_near > 0.95
    assert score.f1_volume > 0.99
    assert score.mae_near < 0.005
    assert score.chamfer < 5e-3
    assert (score.count_near, score.count_volume, score.count_surface) == (20_000,) * 3
    scan = fit_points(ball[0], DiffCD(scan=None, normal_weight=0.0, batch=64), SMALL, steps=1)
    with pytest.raises(ValueError, match="score_field: result must be a fit of a mesh"):
        score_field(scan)


def test_the_score_tells_a_fit_from_none(ball, fitted):
    short = fit_mesh(ball, QUICK, SMALL, steps=5)
    assert score_field(short, samples=5000, resolution=None).f1_near < 0.8
    assert score_field(fitted, samples=5000, resolution=None).chamfer is None


@pytest.mark.parametrize(
    "field",
    [
        FeatureGridConfig(levels=3, base=8, finest=32, box=(-1.05, 1.05)),
        MLPConfig(hidden_layers=2, width=32, skip=()),
        LatentMLPConfig(hidden_layers=3, width=48, latent=4, skip=(), dropout=0.0),
        HashGridConfig(levels=3, base=4, finest=32, log2_entries=10, width=16, box=(-1.05, 1.05)),
    ],
)
def test_every_kind_of_field_learns_a_mesh(ball, field):
    rate = 5e-3 if not isinstance(field, LatentMLPConfig) else 2e-3
    result = fit_mesh(ball, replace(QUICK, learning_rate=rate), field, steps=200)
    inside, outside = result.query(np.array([[10.0, 0.0, -5.0], [12.9, 2.9, -2.1]]))
    assert inside < 0 < outside
    assert compare_surfaces(result.mesh(48), ball).chamfer < 0.06


def test_same_seed_same_bits_other_seed_other_bits(ball):
    first, again, other = (weights(fit_mesh(ball, QUICK, SMALL, steps=10, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_interrupted_fit_resumes_to_the_same_bits(ball, tmp_path):
    def stop(report):
        if report.step == 7:
            os.kill(os.getpid(), signal.SIGTERM)

    method = Supervised(batch=256, pool=30_000, fresh=5000)
    whole = fit_mesh(ball, method, SMALL, steps=20)
    stopped = fit_mesh(ball, method, SMALL, steps=20, folder=tmp_path / "fit", observers=[stop])
    assert (stopped.step, stopped.interrupted) == (7, True)
    resumed = resume_fit(tmp_path / "fit")
    assert (resumed.step, resumed.interrupted) == (20, False)
    assert torch.equal(weights(resumed), weights(whole))


def test_a_saved_fit_loads_to_the_same_answers(fitted, tmp_path):
    again = load(fitted.save(tmp_path / "fit"))
    points = np.random.default_rng(0).normal(size=(50, 3)) * 3 + [10, 0, -5]
    np.testing.assert_array_equal(again.query(points), fitted.query(points))
    assert again.settings == fitted.settings
    np.testing.assert_array_equal(again.mesh(32).vertices, fitted.mesh(32).vertices)


def test_a_mesh_of_tensors_gives_tensors(ball):
    vertices, faces = torch.from_numpy(ball[0]), torch.from_numpy(ball[1])
    assert isinstance(fit_mesh((vertices, faces), QUICK, SMALL, steps=150).mesh(32).vertices, torch.Tensor)


def test_a_path_is_read(tmp_path):
    write_mesh(tmp_path / "box.obj", *box_mesh(1))
    assert fit_mesh(tmp_path / "box.obj", QUICK, SMALL, steps=3).step == 3


def test_a_mesh_with_holes_is_told_of():
    box = box_mesh(2)
    result = fit_mesh((box.vertices, box.faces[:-3]), QUICK, SMALL, steps=3)
    assert any("edges have one face" in note for note in result.notes)


def test_two_bodies_stay_two():
    small = icosphere(3).vertices * 0.1 + [1.5, 0, 0]
    vertices = np.concatenate([icosphere(3).vertices, small])
    faces = np.concatenate([icosphere(3).faces, icosphere(3).faces + len(small)])
    result = fit_mesh((vertices, faces), replace(QUICK, batch=2048), steps=400)
    assert compare_surfaces(result.mesh(96), (vertices, faces)).bodies == 2


def test_steps_and_seconds_exclude_each_other(ball):
    with pytest.raises(ValueError, match="fit_mesh: give steps or seconds, not both"):
        fit_mesh(ball, steps=1, seconds=1.0)


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        ("nowhere.ply", "nowhere.ply"),
        (np.zeros((4, 3)), "a mesh must be a path"),
        ((np.zeros((3, 3)), [[0, 1, 2]]), "no extent"),
        (([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 7]]), "faces must index vertices 0 to 2, got 0 to 7"),
    ],
)
def test_what_is_no_mesh_is_refused(mesh, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        fit_mesh(mesh, steps=1)
