import json
from dataclasses import replace

import numpy as np
import pytest

from diffshape.batch.fit_job import FitJob
from diffshape.data import icosphere, read_mesh, write_mesh, write_points
from diffshape.fields import HashGridConfig
from diffshape.fitting import DiffCD, FitSettings, Supervised, load
from diffshape.fitting.inputs.inputs import read_inputs
from diffshape.training.run_folder import RunFolder

CENTER, RADIUS = np.array([40.0, 0.0, -7.0]), 3.0
GRID = HashGridConfig(levels=3, finest=32, log2_entries=10, width=16)
SCAN = FitSettings(
    method=DiffCD(batch=256, surface_batch=128, pool=500, meshings=2, mesh_resolution=24),
    field=GRID,
    steps=6,
    resolution=40,
)
MESH = FitSettings(
    method=Supervised(batch=256, pool=4000),
    field=replace(GRID, box=(-1.05, 1.05), reads_point=False),
    steps=60,
    resolution=40,
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A ball of radius 3 as a scan and as a mesh, and a small pool of distances to start from."""
    from diffshape.fitting.methods import initial_distances

    monkeypatch.setattr(initial_distances, "_POOL", 20_000)
    monkeypatch.setattr(initial_distances, "_BATCH", 1024)
    vertices, faces = icosphere(3)[:2]
    radius = np.linalg.norm(vertices, axis=1).max()
    write_points(tmp_path / "scan.ply", CENTER + RADIUS * vertices / radius)
    write_mesh(tmp_path / "part.ply", CENTER + RADIUS * vertices / radius, faces)
    return {"scan": tmp_path / "scan.ply", "mesh": tmp_path / "part.ply"}


@pytest.mark.parametrize(("kind", "settings"), [("scan", SCAN), ("mesh", MESH)])
def test_a_file_is_opened_once_and_becomes_a_run_folder(kind, settings, files, tmp_path, opened):
    path, folder = files[kind], tmp_path / "run"
    opened.clear()
    inputs = read_inputs(path, files["mesh"] if kind == "scan" else None, max_points=None, seed=0)
    steps = []
    job = FitJob(inputs=inputs, settings=settings, folder=folder, device="cpu")
    outputs = job.write(job.fit([lambda report: steps.append(report.step)]))
    assert opened.count(str(path)) == 1
    assert steps == list(range(1, settings.steps + 1))
    assert {
        *("config.yaml", "environment.json", "frame.json", "inputs.json", "log.csv", "target.safetensors"),
        *("field.safetensors", "mesh.ply", "preview.png", "metrics.json"),
    } <= {file.name for file in folder.iterdir()}
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics == outputs.metrics
    assert (metrics["steps"], metrics["resolution"], metrics["interrupted"]) == (settings.steps, 40, False)
    assert metrics["score"]["chamfer"] == outputs.score.chamfer
    assert (metrics["distances"] is None) == (kind == "scan")
    distances = np.linalg.norm(read_mesh(folder / "mesh.ply").vertices - CENTER, axis=1)
    assert abs(np.median(distances) - RADIUS) < 0.5  # in the coordinates of the file
    assert load(folder).settings == settings
    assert load(folder).notes == ()


@pytest.mark.parametrize("kind", ["scan", "mesh"])
def test_a_folder_that_holds_a_run_is_refused_and_left_as_it_is(kind, files, tmp_path):
    (tmp_path / "run").mkdir()
    for name in ("config.yaml", "inputs.json"):
        (tmp_path / "run" / name).write_text("of another run")
    inputs = read_inputs(files[kind], None, max_points=None, seed=0)
    job = FitJob(inputs=inputs, settings={"scan": SCAN, "mesh": MESH}[kind], folder=tmp_path / "run", device="cpu")
    with pytest.raises(ValueError, match="run already holds a run; resume it, or choose another folder"):
        job.fit()
    assert (tmp_path / "run" / "inputs.json").read_text() == "of another run"


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("scan", MESH, "method must be a ScanMethodConfig, got Supervised"),
        ("mesh", SCAN, "method must be a MeshMethodConfig, got DiffCD"),
    ],
)
def test_settings_for_the_other_kind_of_input_begin_no_run(kind, settings, message, files, tmp_path):
    inputs = read_inputs(files[kind], None, max_points=None, seed=0)
    job = FitJob(inputs=inputs, settings=settings, folder=tmp_path / "run", device="cpu")
    with pytest.raises(ValueError, match=message):
        job.fit()
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_without_settings_a_job_goes_on_with_the_fit_in_its_folder(files, tmp_path):
    inputs = read_inputs(files["scan"], None, max_points=None, seed=0)
    job = FitJob(inputs=inputs, settings=SCAN, folder=tmp_path / "run", device="cpu")

    def stop(report):
        if report.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.fit([stop])
    resumed = replace(job, settings=None, resolution=24)
    result = resumed.fit()
    assert (result.step, result.interrupted) == (6, False)
    assert resumed.write(result).metrics["resolution"] == 24
    with pytest.raises(ValueError, match="is not the folder of a fit"):
        replace(resumed, folder=tmp_path / "none").fit()


def test_a_fit_that_is_killed_before_its_last_file_is_not_finished(files, tmp_path, monkeypatch):
    from diffshape.batch import outputs

    folder, inputs = tmp_path / "run", read_inputs(files["mesh"], None, max_points=None, seed=0)
    job = FitJob(inputs=inputs, settings=replace(MESH, steps=2), folder=folder, device="cpu")
    result = job.fit()
    write = outputs.write_fit_report
    monkeypatch.setattr(outputs, "write_fit_report", killed)
    with pytest.raises(KeyboardInterrupt):
        job.write(result)
    assert not RunFolder(folder).is_complete
    monkeypatch.setattr(outputs, "write_fit_report", write)
    again = replace(job, settings=None)
    metrics = again.write(again.fit()).metrics
    assert RunFolder(folder).is_complete
    assert f">{metrics['faces']:,}<" in (folder / "report.html").read_text(encoding="utf-8")


def killed(*_):
    raise KeyboardInterrupt
