import os
import signal
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial import KDTree

from diffshape.data import PointCloud, clean_points, read_mesh, read_points, write_points
from diffshape.fields import HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fitting import IGR, DiffCD, ScanConfig, fit_points, load, preset, resume_fit
from diffshape.fitting.fit_points import FINEST, matched_field, matched_grid, matched_hash_grid
from diffshape.fitting.methods.table import METHODS, task_class
from diffshape.fitting.scans.orientation import OrientationTrust
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.metrics import compare_surfaces


@pytest.fixture(scope="session")
def fit(small_method, small_field):
    def run(cloud, steps=10, method=small_method, field=small_field, **options):
        return fit_points(cloud, method, field, steps=steps, **options)

    return run


def weights(result):
    return torch.cat([weight.flatten() for weight in result.field.state_dict().values()])


def stop_at(step):
    def observe(report):
        if report.step == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return observe


def as_trimesh(mesh):
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


# what a fit depends on


def test_same_seed_same_bits_other_seed_other_bits(fit, ball):
    first, again, other = (weights(fit(ball, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_global_random_numbers_do_not_matter_and_are_left_alone(fit, ball):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = weights(fit(ball))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(weights(fit(ball)), first)


def test_a_file_and_a_cloud_are_fitted_like_their_points(fit, ball, tmp_path):
    write_points(tmp_path / "ball.csv", ball)
    for given in (tmp_path / "ball.csv", str(tmp_path / "ball.csv"), clean_points(ball)):
        assert torch.equal(weights(fit(given, steps=2)), weights(fit(ball, steps=2)))


def test_rows_of_zeros_change_nothing(fit, ball):
    """A depth camera stores them where it saw nothing."""
    far = ball + np.array([0.0, 0.0, 20.0])
    with_zeros = fit(np.vstack([far, np.zeros((300, 3))]))
    without = fit(far)
    assert with_zeros.frame == without.frame
    assert torch.equal(weights(with_zeros), weights(without))


def test_a_tensor_is_fitted_like_an_array(fit, ball):
    from_tensor = fit(torch.from_numpy(ball))
    assert torch.equal(weights(from_tensor), weights(fit(ball)))
    assert from_tensor.fit.as_torch
    assert isinstance(from_tensor.mesh(24).vertices, torch.Tensor)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 5},
        {"seed": 1},
        {"field": MLPConfig(hidden_layers=2, width=16, skip=())},
        {"field": LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=())},
    ],
)
def test_every_part_of_the_settings_acts_and_is_kept(fit, ball, change):
    result = fit(ball, **change)
    assert all(getattr(result.settings, name) == value for name, value in change.items())
    assert not torch.equal(weights(result), weights(fit(ball)))


def test_without_a_budget_the_steps_are_those_of_the_standard_preset(ball, small_method, small_field):
    result = fit_points(ball, small_method, small_field, observers=[stop_at(1)])
    assert result.settings.steps == preset("standard").steps
    assert (result.step, result.interrupted) == (1, True)


def test_a_budget_of_seconds_ends_by_the_clock(ball, small_method, small_field):
    reports = []
    result = fit_points(ball, small_method, small_field, seconds=0.5, observers=[reports.append])
    assert result.settings.seconds == 0.5
    assert result.settings.steps is None
    assert result.seconds >= 0.5
    assert reports[-1].progress == 1
    assert not reports[:-1] or reports[-2].progress < 1
    assert not result.interrupted


def test_points_on_a_line_have_no_surface(tmp_path):
    with pytest.raises(ValueError, match="fit_points: all points lie on one line"):
        fit_points(np.arange(30.0)[:, None] * [1, 2, 3], folder=tmp_path / "fit")
    assert not (tmp_path / "fit").exists()


def test_steps_and_seconds_exclude_each_other(ball):
    with pytest.raises(ValueError, match="fit_points: give steps or seconds, not both"):
        fit_points(ball, steps=5, seconds=1.0)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"seconds": -1.0}, "seconds must be a positive number, got -1.0"),
        ({"seconds": float("nan")}, "seconds must be a positive number, got nan"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_an_empty_budget_is_refused_before_a_folder_is_begun(
    ball, small_method, small_field, tmp_path, budget, message
):
    with pytest.raises(ValueError, match=f"fit_points: {message}"):
        fit_points(ball, small_method, small_field, folder=tmp_path / "fit", **budget)
    assert not (tmp_path / "fit").exists()


# run folders


@pytest.mark.parametrize("prepare", [True, False])
def test_an_interrupted_fit_resumes_to_the_same_bits(fit, ball, small_method, tmp_path, prepare):
    method = small_method if prepare else replace(small_method, scan=None, normal_weight=0.0)
    whole = fit(ball, 30, method)
    stopped = fit(ball, 30, method, folder=tmp_path / "fit", observers=[stop_at(12)])
    assert (stopped.step, stopped.interrupted) == (12, True)
    stopped.save(tmp_path / "fit")  # its own folder: still to be resumed
    assert not torch.equal(weights(stopped), weights(whole))
    halfway = load(tmp_path / "fit")
    assert (halfway.step, halfway.interrupted) == (12, True)
    assert torch.equal(weights(halfway), weights(stopped))
    resumed = resume_fit(tmp_path / "fit")
    assert (resumed.step, resumed.interrupted) == (30, False)
    assert torch.equal(weights(resumed), weights(whole))
    finished = load(tmp_path / "fit")
    assert torch.equal(weights(finished), weights(whole))
    assert (finished.step, finished.interrupted) == (30, False)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.fits == "scan"])
def test_every_method_for_scans_resumes_to_the_same_bits(name, directions, small_field, tmp_path):
    config, normals = METHODS[name].config(), directions(400)
    cloud = PointCloud(3 + normals, normals=normals)
    options = {
        "method": task_class(config).in_miniature(config, 64).unprepared(),
        "field": preset("standard", name).field or small_field,
        "steps": 9,
    }
    whole = fit_points(cloud, **options)
    fit_points(cloud, **options, folder=tmp_path / "fit", observers=[stop_at(4)])
    resumed = resume_fit(tmp_path / "fit")
    assert (resumed.step, resumed.interrupted) == (9, False)
    assert torch.equal(weights(resumed), weights(whole))


def test_a_fit_in_a_folder_is_the_same_and_leaves_a_log(fit, ball, tmp_path):
    result = fit(ball, folder=tmp_path / "fit")
    assert torch.equal(weights(result), weights(fit(ball)))
    assert result.folder == tmp_path / "fit"
    assert (tmp_path / "fit" / "log.csv").read_text().count("\n") > 1
    with pytest.raises(ValueError, match="already holds a run"):
        fit(ball, folder=tmp_path / "fit")


def test_a_fit_stopped_before_its_first_checkpoint_starts_again(fit, ball, tmp_path):
    fit(ball, folder=tmp_path / "fit", observers=[stop_at(3)])
    for path in (tmp_path / "fit" / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="has no weights yet; go on with diffshape fit --resume"):
        load(tmp_path / "fit")
    assert torch.equal(weights(resume_fit(tmp_path / "fit")), weights(fit(ball)))


def test_nothing_can_be_resumed_where_nothing_is(tmp_path):
    with pytest.raises(ValueError, match="is not the folder of a fit"):
        resume_fit(tmp_path)


# awkward clouds


def test_rows_that_are_no_points_are_dropped_and_noted(fit, ball):
    broken = np.insert(ball, [3, 700], [[np.nan, 0, 0], [0, np.inf, 0]], axis=0)
    result = fit(broken)
    assert "2 of 1,502 points were dropped" in result.notes[0]
    assert torch.equal(weights(result), weights(fit(ball)))


def test_a_large_scan_is_thinned_and_noted(fit, ball, monkeypatch):
    monkeypatch.setattr(import_module("diffshape.fitting.fit_points"), "MAX_POINTS", 400)
    result = fit(ball)
    assert result.notes == ("400 of 1,500 points were drawn at random.",)
    assert len(result.target.points) == 3 * 400


def test_points_that_a_fit_leaves_out_lessen_its_noise(fit, ball, monkeypatch):
    monkeypatch.setattr(import_module("diffshape.fitting.fit_points"), "MAX_POINTS", 400)
    noisy = ball + np.random.default_rng(1).normal(scale=0.005 * np.ptp(ball), size=ball.shape)
    result = fit(noisy)
    assert result.notes[1] == "the others were averaged into them, which lessens the noise"
    alone = fit(noisy[np.sort(np.random.default_rng(0).choice(len(noisy), 400, replace=False))])
    assert result.target.noise < 0.8 * alone.target.noise


def test_points_that_are_to_stay_are_not_averaged(ball, small_method, monkeypatch):
    monkeypatch.setattr(import_module("diffshape.fitting.fit_points"), "MAX_POINTS", 400)
    noisy = ball + np.random.default_rng(1).normal(scale=0.005 * np.ptp(ball), size=ball.shape)
    result = fit_points(noisy, replace(small_method, scan=replace(small_method.scan, passes=0)), steps=1)
    assert result.notes[0] == "400 of 1,500 points were drawn at random."
    assert not any("averaged" in note for note in result.notes)


def test_outliers_are_left_out_and_noted(fit, ball):
    result = fit(np.concatenate([ball, [[10.0, -5.0, 3.0], [30.0, -5.0, 3.0]]]).clip(-9, 13.5))
    assert any("outliers or repeated were left out" in note for note in result.notes)


@pytest.mark.parametrize("count", [4, 10])
def test_a_handful_of_points_gives_finite_answers(fit, directions, count):
    result = fit(directions(count))
    assert np.isfinite(result.query(directions(20))).all()
    assert np.isfinite(result.mesh(24).vertices).all()


@pytest.mark.parametrize("times", [2, 12])
@pytest.mark.parametrize("prepare", [True, False])
def test_repeated_points_are_a_shape_too(ball, small_method, times, prepare):
    method = small_method if prepare else replace(small_method, scan=None, normal_weight=0.0)
    result = fit_points(np.repeat(ball[:300], times, axis=0), method, steps=2)
    assert np.isfinite(result.query(ball)).all()


def test_a_cloud_without_a_surface_does_not_crash(fit):
    cloud = np.random.default_rng(0).random((800, 3))
    result = fit(cloud)
    assert np.isfinite(result.query(cloud)).all()


def test_an_untrusted_orientation_falls_back_to_the_sphere_with_a_note(fit, ball, monkeypatch):
    monkeypatch.setattr(OrientationTrust, "reliable", False)
    result = fit(ball)
    assert result.notes == ("no inside could be told from the points; the fit starts from a sphere",)
    assert not result.target.oriented
    np.testing.assert_allclose(result.frame.from_unit(result.target.points.double().numpy()), ball, atol=1e-5)


def test_a_planar_scan_is_noted_and_answered(fit):
    flat = np.random.default_rng(0).random((600, 3)) * [1, 1, 0]
    result = fit(flat)
    assert any("one plane" in note for note in result.notes)
    assert np.isfinite(result.query(flat)).all()


def test_an_open_hemisphere_keeps_its_dome(fit, directions):
    dome = directions(2400)
    dome = dome[dome[:, 2] > 0]
    result = fit(dome, 60)
    assert np.abs(result.query(dome)).mean() < 0.03
    assert result.query(np.array([0.0, 0.0, 1.3])) > 0.1


@pytest.mark.parametrize("bad", [np.zeros((5, 2)), np.zeros(3), np.zeros((2, 5, 3))])
def test_another_shape_is_refused(bad):
    with pytest.raises(ValueError, match="fit_points: points"):
        fit_points(bad, steps=1)


@pytest.mark.parametrize("bad", [np.ones((9, 3)), np.eye(3), np.full((9, 3), np.nan)])
def test_what_is_no_shape_is_refused(bad):
    with pytest.raises(ValueError, match=r"fit_points: points.*a shape needs at least 4"):
        fit_points(bad, steps=1)


# topology


def test_the_hole_of_a_torus_stays_open():
    count = 2500
    u, v = 2 * np.pi * np.arange(count) * np.array([[1 / count], [0.6180339887]])
    ring = 1 + 0.35 * np.cos(v)
    cloud = np.stack([ring * np.cos(u), ring * np.sin(u), 0.35 * np.sin(v)], axis=1)
    method = DiffCD(batch=1024, surface_batch=256, pool=1000, meshings=2, mesh_resolution=32, start=0.5)
    field = HashGridConfig(levels=4, finest=32, log2_entries=15, width=32)
    result = fit_points(cloud, method, field, steps=150)
    mesh = as_trimesh(result.mesh(64))
    assert mesh.is_watertight
    assert mesh.euler_number == 0
    assert result.query(np.zeros(3)) > 0
    assert np.abs(result.query(cloud)).mean() < 0.01


def test_two_balls_stay_two_bodies(fit, directions):
    result = fit(np.concatenate([directions(1000), directions(1000) + np.array([3.0, 0, 0])]), 150)
    bodies = as_trimesh(result.mesh(64)).split()
    assert len(bodies) == 2
    assert [body.euler_number for body in bodies] == [2, 2]
    assert result.query(np.array([1.5, 0.0, 0.0])) > 0.2


def test_three_objects_of_one_scan_are_three_bodies(fit, clouds):
    (ring, _), (ball, _), (plate, _) = clouds.torus(3000), clouds.sphere(1200, 0.2), clouds.slab(3000, thickness=0.15)
    above, below = torch.tensor([0, 0, 0.6]), torch.tensor([0.1, 0.1, -0.6])
    scene = torch.cat([ring, ball + above, 0.6 * plate + below]).numpy()
    field = HashGridConfig(levels=4, finest=64, log2_entries=15)
    bodies = as_trimesh(fit(scene, 150, field=field).mesh(96)).split()
    assert sorted(body.euler_number for body in bodies) == [0, 2, 2]


# open surfaces, normals that are given, attributes


def terrain(count=2500):
    """Waves of 200 m with a lake in the middle, in metres of a map, with colours, a height and a class."""
    xy = np.random.default_rng(0).random((count, 2)) - 0.5
    xy = xy[np.linalg.norm(xy, axis=1) > 0.15]
    points = np.c_[xy, 0.06 * np.sin(12 * xy[:, 0]) * np.cos(9 * xy[:, 1])] * 200 + [500_000, 4_649_776, 320]
    east = xy[:, 0] > 0
    colors = np.stack([east * 255, np.full(len(xy), 90), ~east * 255], axis=1).astype(np.uint8)
    attributes = {"colors": colors, "height": points[:, 2], "class": np.where(east, 2, 9).astype(np.uint8)}
    return PointCloud(points, attributes=attributes)


@pytest.fixture
def terrain_fit(quick_start, _fits, fit):
    if "terrain" not in _fits:
        _fits["terrain"] = fit(terrain(), 80, open=True)
    return _fits["terrain"]


def spacings_from(cloud, mesh, result):
    nearest = KDTree(cloud.points).query(mesh.vertices)[0]
    return nearest / result.frame.distances_from_unit(result.target.spacing.double()).item()


def test_a_terrain_stays_one_open_sheet_that_looks_up(terrain_fit):
    cloud, mesh = terrain(), terrain_fit.mesh(64)
    sheet = as_trimesh(mesh)
    assert (len(sheet.split(only_watertight=False)), sheet.euler_number) == (1, 0)  # the lake is a hole
    assert (sheet.face_normals[:, 2] > 0).mean() > 0.97
    assert spacings_from(cloud, mesh, terrain_fit).max() < 4
    assert sheet.area == pytest.approx(200**2 * (1 - np.pi * 0.15**2), rel=0.25)
    assert np.abs(terrain_fit.query(cloud.points)).mean() < 0.01 * 200


def test_what_the_points_have_comes_to_the_mesh_of_a_fit(terrain_fit, tmp_path):
    again = load(terrain_fit.save(tmp_path / "fit"))
    for mesh in (terrain_fit.mesh(64), again.mesh(64)):
        told = mesh.attributes
        assert {name: (each.dtype, each.shape[1:]) for name, each in told.items()} == {
            "colors": (np.uint8, (3,)),
            "height": (np.float64, ()),
            "class": (np.uint8, ()),
            "confidence": (np.float32, ()),
        }
        clear = np.abs(mesh.vertices[:, 0] - 500_000) > 20
        east = mesh.vertices[clear, 0] > 500_000
        np.testing.assert_array_equal(told["colors"][clear], np.where(east[:, None], [255, 90, 0], [0, 90, 255]))
        np.testing.assert_array_equal(told["class"][clear], np.where(east, 2, 9))
        assert np.abs(told["height"] - mesh.vertices[:, 2]).mean() < 2
    assert again.settings.open


def test_open_is_a_setting_that_a_mesh_may_be_asked_without(terrain_fit, ball_fit):
    closed = terrain_fit.mesh(48, open=False)
    assert as_trimesh(closed).is_watertight
    far = spacings_from(terrain(), closed, terrain_fit) > 6
    assert far.any()
    assert (closed.attributes["confidence"][far] == 0).all()
    assert (terrain_fit.mesh(48).attributes["confidence"] > 0).all()
    np.testing.assert_array_equal(ball_fit.mesh(48, open=True).faces, ball_fit.mesh(48).faces)  # points everywhere
    assert ball_fit.mesh(48).attributes["confidence"].min() > 0.5


def test_a_tensor_has_its_attributes_as_tensors(fit, ball):
    assert isinstance(fit(torch.from_numpy(ball)).mesh(24).attributes["confidence"], torch.Tensor)


def test_an_open_fit_without_preparation_is_cut_too(directions, small_method, small_field):
    dome = directions(2000)
    dome = dome[dome[:, 2] > 0]
    result = fit_points(dome, small_method.unprepared(), small_field, steps=60, open=True)
    assert not result.target.oriented
    mesh = result.mesh(48)
    assert spacings_from(PointCloud(dome), mesh, result).max() < 6


def test_given_normals_tell_the_outside(fit, ball):
    outward = ball - ball.mean(axis=0)
    for side in (1, -1):
        result = fit(clean_points(ball, normals=side * outward), 200)
        assert result.notes == ("the normals of the scan tell its outside",)
        assert side * as_trimesh(result.mesh(32)).volume == pytest.approx(4 / 3 * np.pi * 2**3, rel=0.05)
    either = np.where(np.arange(len(ball))[:, None] % 2, outward, -outward)
    result = fit(clean_points(ball, normals=either), 60)
    assert result.notes == (
        "the normals of the scan do not agree with one another or with its points; sides are told anew",
    )
    assert result.query(ball.mean(axis=0)) < 0


# the grid matched to the points


def target(spacing, noise, error=0.0):
    return ScanTarget(
        points=torch.zeros(1, 3),
        normals=torch.tensor([[0.0, 0, 1]]),
        errors=torch.tensor([error]),
        spacing=torch.tensor(spacing),
        noise=torch.tensor(noise),
    )


def test_the_matched_grid_follows_spacing_and_errors_within_limits():
    assert matched_grid(target(0.02, 0.0)).cell == pytest.approx(0.012, rel=0.01)
    assert matched_grid(target(0.02, 0.0, error=0.01)).cell == pytest.approx(0.016, rel=0.01)
    assert matched_grid(target(0.02, 0.0, error=0.001)).cell == pytest.approx(0.014, rel=0.01)
    assert matched_grid(target(0.02, 0.0), 1.0).cell == pytest.approx(0.02, rel=0.01)
    assert matched_grid(target(10.0, 0.0)).cell == 1.6 / 32
    assert matched_grid(target(0.0, 0.0)).cell == matched_grid(target(1e-6, 0.0)).cell == 1.6 / FINEST


def test_the_matched_hash_grid_follows_spacing_and_noise_within_limits():
    fine, sparse = matched_hash_grid(target(0.015, 0.0)), matched_hash_grid(target(0.03, 0.0))
    assert fine.finest > sparse.finest
    assert matched_hash_grid(target(0.015, 0.05)).finest < fine.finest
    finest = [matched_hash_grid(target(spacing, 0.0)).finest for spacing in (0.0, 1e-6, 10.0)]
    assert finest[0] == finest[1] >= fine.finest
    assert finest[2] == 32
    assert replace(fine, finest=HashGridConfig().finest, base=HashGridConfig().base) == HashGridConfig()
    assert 8 <= sparse.base <= fine.base == fine.finest // 8


def test_the_matched_grid_is_used_where_no_field_is_given(ball, small_method):
    result = fit_points(ball, small_method, steps=1)
    assert result.settings.field == matched_grid(result.target)
    unprepared = fit_points(ball, small_method.unprepared(), steps=1)
    assert unprepared.settings.field == matched_hash_grid(unprepared.target)


def test_only_a_method_that_takes_a_surface_in_closed_form_gets_a_distance_grid(sphere_target):
    assert matched_field(sphere_target, DiffCD()) == matched_grid(sphere_target)
    assert matched_field(sphere_target, IGR(scan=ScanConfig())) == matched_hash_grid(sphere_target)
    bare = replace(sphere_target, normals=None)
    assert matched_field(bare, DiffCD()) == matched_hash_grid(bare)


def test_a_method_without_a_field_has_that_of_its_standard_preset(ball):
    result = fit_points(ball, IGR(batch=32), steps=1)
    assert result.settings.field == preset("standard", "igr").field
    assert not result.notes


def test_a_surface_found_in_closed_form_is_not_trained_unless_it_is_to_be(ball, small_method):
    solved = fit_points(ball, small_method, steps=3)
    assert (solved.step, solved.interrupted) == (0, False)
    assert np.abs(solved.query(ball)).mean() < 1e-3
    refined = fit_points(ball, replace(small_method, refine=True), steps=3)
    assert refined.step == 3
    moved = (refined.field.values - solved.field.values).abs()
    assert 0 < moved.max() < 1e-3


@pytest.mark.slow
@pytest.mark.shared_data
def test_a_short_fit_of_a_noisy_scan_is_close(shared):
    cloud = read_points(shared / "data" / "scans" / "spot_0.005.ply", max_points=4000)
    method = DiffCD(batch=512, surface_batch=256, mesh_resolution=48)
    result = fit_points(cloud.points, method, HashGridConfig(levels=5, finest=64, log2_entries=15), steps=200)
    truth = read_mesh(shared / "data" / "meshes" / "spot.ply")
    score = compare_surfaces(result.mesh(128), truth, samples=10_000)
    assert score.chamfer < 0.006
    assert score.watertight
    assert score.bodies == 1
