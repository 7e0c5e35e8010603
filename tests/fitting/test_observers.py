"""What is written along the way: the same fit with it and without, the same files after a resume, each step once."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from diffshape.data import icosphere, read_mesh
from diffshape.fitting import FitObserver, KeptSamples, Snapshots, fit_points, preset, resume_fit
from diffshape.fitting.methods.table import task_class
from diffshape.fitting.presets import SCAN_PRESETS
from diffshape.training import read_log


@pytest.fixture(autouse=True)
def quick_scores(monkeypatch):
    from diffshape.fitting import observers

    monkeypatch.setattr(observers, "compare_surfaces", partial(observers.compare_surfaces, samples=500))


@pytest.fixture
def fit(ball, small_method, small_field, tmp_path):
    """Makes a fit of 8 steps in a folder of a name."""

    def run(name, *observers, **options):
        chosen = {"steps": 8, "folder": tmp_path / name if name else None, **options}
        return fit_points(ball, small_method, small_field, observers=observers, **chosen)

    return run


@pytest.fixture
def truth():
    mesh = icosphere(3)
    return 2 * mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True) + [10, -5, 3], mesh.faces


def same_files(one, two, pattern):
    names = sorted(path.name for path in one.glob(pattern))
    assert names == sorted(path.name for path in two.glob(pattern))
    assert all(path.read_bytes() == (two / path.relative_to(one)).read_bytes() for path in one.glob(pattern))
    return names


def test_surfaces_and_scores_change_no_bit_of_the_fit(fit, truth, tmp_path):
    plain = fit("plain")
    heard = []
    watch = Snapshots(mesh_every=3, eval_every=2, truth=truth, resolution=24, listener=lambda *row: heard.append(row))
    watched = fit("watched", watch, KeptSamples())
    for name, tensor in plain.field.state_dict().items():
        assert torch.equal(tensor, watched.field.state_dict()[name]), name
    meshes = tmp_path / "watched" / "meshes"
    assert sorted(path.name for path in meshes.iterdir()) == [f"step_{step:06d}.ply" for step in (3, 6, 8)]
    np.testing.assert_array_equal(read_mesh(meshes / "step_000008.ply").vertices, watched.mesh(24).vertices)
    scores = read_log(tmp_path / "watched" / "eval_metrics.csv")
    assert scores["step"].tolist() == [2, 4, 6, 8]
    assert (scores["chamfer"] < 0.5).all()  # in the truth's coordinates
    assert set(scores["watertight"]) <= {0, 1}
    assert [step for step, _ in heard] == [2, 4, 6, 8]
    assert heard[0][1]["eval/chamfer"] == pytest.approx(scores["chamfer"][0], rel=1e-6)


@pytest.mark.parametrize("name", SCAN_PRESETS)
def test_no_method_is_changed_by_what_is_written(name, ball, small_field, tmp_path):
    usual = preset("standard", name)
    method = replace(task_class(usual.method).in_miniature(usual.method, 64), learning_rate=1e-5)  # keeps the sphere
    fields = []
    for observers in ([], [Snapshots(mesh_every=1, resolution=16), KeptSamples()]):
        folder = tmp_path / str(len(observers))
        result = fit_points(ball, method, usual.field or small_field, steps=3, folder=folder, observers=observers)
        fields.append(result.field.state_dict())
    assert all(torch.equal(fields[0][key], fields[1][key]) for key in fields[0])
    assert len(list(folder.glob("meshes/*.ply"))) == 3
    points = np.load(folder / "train_points.npy")
    if name in ("diffcd", "igr", "surface-area", "neural-pull"):
        assert np.load(folder / "local_sigma.npy").shape == points.shape[:1]


@pytest.mark.parametrize("training", [True, False])
def test_a_field_stays_in_its_mode(training, fit, truth):
    modes = []

    class Mode(FitObserver):
        def begin(self, fit, task, folder):
            self.field = task.field.train(training)

        def __call__(self, report):
            modes.append(self.field.training)

    fit("run", Mode(), Snapshots(mesh_every=1, resolution=16), Mode())
    assert modes == [training] * 16


def test_a_resumed_fit_makes_the_files_of_one_that_was_not_stopped(fit, truth, tmp_path, monkeypatch):
    from diffshape.training import CheckpointFolder, Steps
    from diffshape.training.run_folder import RunFolder

    def watch():
        return Snapshots(mesh_every=2, eval_every=1, truth=truth, resolution=24)

    def stop(report):
        if report.step == 7:
            raise KeyboardInterrupt

    checkpoints = property(lambda run: CheckpointFolder(run.path / "checkpoints", every=Steps(5)))
    monkeypatch.setattr(RunFolder, "checkpoints", checkpoints)
    fit("whole", watch())
    with pytest.raises(KeyboardInterrupt):
        fit("stopped", watch(), stop)
    assert read_log(tmp_path / "stopped" / "eval_metrics.csv")["step"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    resume_fit(tmp_path / "stopped", observers=[watch()])  # from step 5
    assert len(same_files(tmp_path / "whole", tmp_path / "stopped", "meshes/*")) == 4
    whole, stopped = (read_log(tmp_path / name / "eval_metrics.csv") for name in ("whole", "stopped"))
    assert stopped["step"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    for name in set(whole) - {"seconds"}:
        np.testing.assert_array_equal(whole[name], stopped[name])


def test_a_field_without_a_surface_has_an_empty_score_and_no_mesh(fit, truth, tmp_path):
    class Lift(FitObserver):
        def begin(self, fit, task, folder):
            self.field = task.field

        def __call__(self, report):
            if report.step == 8:
                self.field.forward = lambda points: points.new_ones(points.shape[:-1])

    fit("run", Lift(), Snapshots(mesh_every=8, eval_every=8, truth=truth, resolution=16))
    assert not (tmp_path / "run" / "meshes").exists()
    score = read_log(tmp_path / "run" / "eval_metrics.csv")
    assert np.isnan(score["chamfer"]).all()
    assert score["bodies"].tolist() == [0]


def test_a_full_disk_is_a_warning_given_once_and_the_fit_goes_on(fit, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffshape.fitting.observers.write_mesh", full)
    with pytest.warns(UserWarning, match=r"no mesh of step 4, the fit goes on: .*No space left") as caught:
        assert fit("run", Snapshots(mesh_every=4, resolution=16)).step == 8
    assert len([each for each in caught if "no mesh" in str(each.message)]) == 1


def test_what_a_fit_draws_is_kept_in_the_unit_frame(fit, ball, tmp_path):
    result = fit("run", KeptSamples())
    points, sigma = (np.load(tmp_path / "run" / f"{name}.npy") for name in ("train_points", "local_sigma"))
    kept = load_file(tmp_path / "run" / "target.safetensors")["points"].numpy()
    np.testing.assert_array_equal(points, kept)
    distances = np.sort(np.linalg.norm(points[:1] - points, axis=1))
    assert sigma.shape == points.shape[:1]
    assert sigma[0] == pytest.approx(0.2 * distances[50], rel=1e-4)
    assert np.abs(result.frame.from_unit(points) - [10, -5, 3]).max() == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give mesh_every, eval_every or both"),
        ({"eval_every": 3}, "eval_every needs truth, the true surface to score against"),
        ({"mesh_every": 0}, "mesh_every must be at least 1, got 0"),
        ({"mesh_every": 1, "resolution": 3}, "resolution must be at least 16, got 3"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(ValueError, match=f"Snapshots: {message}"):
        Snapshots(**options)


@pytest.mark.parametrize("observer", [Snapshots(mesh_every=2), KeptSamples()])
def test_a_folder_is_needed(observer, fit):
    with pytest.raises(ValueError, match=f"{type(observer).__name__}: the fit has no folder to write to"):
        fit(None, observer)


def test_an_observer_of_no_fit_says_where_it_belongs():
    from diffshape.losses import LossTerms
    from diffshape.training import StepReport, Steps

    report = StepReport(2, 0.1, Steps(4), 1e-3, LossTerms(torch.tensor(1.0), {}), 0)
    with pytest.raises(ValueError, match="Snapshots: give it to fit_points, fit_mesh or resume_fit"):
        Snapshots(mesh_every=2)(report)
