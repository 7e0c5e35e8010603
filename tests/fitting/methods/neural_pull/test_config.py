import os
import signal
import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch

from diffshape.fields import HashGridConfig
from diffshape.fitting import NeuralPull, ScanConfig, fit_points, load, resume_fit
from diffshape.fitting.settings import FitSettings

CHANGED = {
    "scan": ScanConfig(),
    "squared": True,
    "eikonal_weight": 0.3,
    "queries": 2,
    "pool": 3000,
    "local_scale": None,
    "batch": 100,
    "start": 0.6,
    "learning_rate": 1e-3,
    "schedule": "warmup-cosine",
}
FIELD = HashGridConfig(levels=3, finest=16, log2_entries=8, width=16)


def weights(result):
    return torch.cat([weight.flatten() for name, weight in result.field.state_dict().items() if name != "fade"])


@pytest.fixture(scope="module")
def references():
    return {}


def test_the_table_of_changes_is_complete():
    assert set(CHANGED) == {field.name for field in fields(NeuralPull)}


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_acts(name, ball, references):
    base = NeuralPull(batch=128, pool=4500, scan=ScanConfig() if name == "start" else None)
    if base not in references:
        references[base] = weights(fit_points(ball, base, FIELD, steps=8))
    changed = weights(fit_points(ball, replace(base, **{name: CHANGED[name]}), FIELD, steps=8))
    assert torch.isfinite(changed).all()
    assert not torch.equal(changed, references[base])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch": 0}, "batch must be at least 1, got 0"),
        ({"pool": 0}, "pool must be at least 1, got 0"),
        ({"queries": 0}, "queries must be at least 1, got 0"),
        ({"local_scale": 0.0}, "local_scale must be a positive number, got 0"),
        ({"eikonal_weight": -1.0}, "eikonal_weight must be a number of 0 or more, got -1"),
        ({"learning_rate": 0.0}, "learning_rate must be a positive number, got 0"),
        ({"start": 1.0}, r"start is a share of the steps in \[0, 1\), got 1"),
        ({"schedule": "cosine"}, "schedule must be one of exponential, warmup-cosine, halving, got 'cosine'"),
    ],
)
def test_a_wrong_setting_is_named(wrong, message):
    with pytest.raises(ValueError, match=f"NeuralPull: {message}"):
        NeuralPull(**wrong)


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.fitting.methods.neural_pull.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("local_scale", [None, 0.25])
def test_files_keep_the_rule_of_the_spread_and_its_number(local_scale):
    settings = FitSettings(method=NeuralPull(local_scale=local_scale), field=FIELD, steps=1)
    assert FitSettings.from_dict(settings.to_dict()) == settings


def test_a_ball_is_fitted(ball):
    """Points of a sphere of radius 2: the mean error after a few seconds is below 1 % of its radius."""
    result = fit_points(ball, NeuralPull(batch=1024, pool=45_000), HashGridConfig(levels=4, finest=32), steps=150)
    vertices, _ = result.mesh(resolution=48)
    error = abs(((vertices - [10.0, -5.0, 3.0]) ** 2).sum(axis=1) ** 0.5 - 2)
    assert error.mean() < 0.02
    assert error.max() < 0.1


def test_an_interrupted_fit_of_a_prepared_scan_resumes_to_the_same_bits(ball, tmp_path):
    """Stopped in the first steps, which learn the distances of the scan; the queries are drawn again."""
    method = NeuralPull(batch=128, pool=3000, scan=ScanConfig())

    def stop(report):
        if report.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    whole = fit_points(ball, method, FIELD, steps=12)
    stopped = fit_points(ball, method, FIELD, steps=12, folder=tmp_path / "fit", observers=[stop])
    assert (stopped.step, stopped.interrupted) == (5, True)
    assert not torch.equal(weights(stopped), weights(whole))
    assert torch.equal(weights(load(tmp_path / "fit")), weights(stopped))
    assert torch.equal(weights(resume_fit(tmp_path / "fit")), weights(whole))
