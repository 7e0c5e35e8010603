"""A fit in the viewer, by its handlers, without a browser."""

from types import SimpleNamespace

import numpy as np
import pytest

from diffshape.fields import FeatureGridConfig
from diffshape.fitting import IGR, FitSettings
from diffshape.fitting.inputs.inputs import read_inputs
from diffshape.fitting.run import run_fit
from diffshape.report.viewer.live.live_fit import CLEANED, LiveFit
from diffshape.training.device import chosen_device

SETTINGS = FitSettings(method=IGR(normals="none", batch=64), field=FeatureGridConfig(levels=2), steps=6)


@pytest.fixture
def inputs(tmp_path):
    directions = np.random.default_rng(0).normal(size=(300, 3))
    np.save(tmp_path / "ball.npy", directions / np.linalg.norm(directions, axis=1, keepdims=True) + [9, 0, 0])
    return read_inputs(tmp_path / "ball.npy", None, max_points=None, seed=0)


@pytest.fixture
def live(viewer, inputs):
    return LiveFit(viewer, inputs)


def run(inputs, *observers, folder=None):
    return run_fit(inputs.begin(SETTINGS), folder, device=chosen_device("cpu", argument="device"), observers=observers)


def test_the_input_is_shown_before_anything_is_fitted(live):
    assert list(live.viewer.panel.layers) == ["input points"]
    assert live.viewer.server.scene.get_handle_by_name("/0/0").points.shape == (300, 3)


def test_extract_now_draws_the_surface_and_hides_the_points(live, inputs):
    live.panel.extract._impl.update_cb[0](None)
    run(inputs, live)
    surface = live._exhibit.scene.layers[-1]
    assert len(surface.faces) > 100
    assert abs(np.linalg.norm(surface.vertices - [9, 0, 0], axis=1).mean() - 1) < 0.3
    assert {name: box.value for name, box in live.viewer.panel.layers.items()} == {
        "input points": False,
        CLEANED: False,
        "surface": True,
    }
    assert live.viewer.server.scene.get_handle_by_name("/0/2") is not None


def test_without_a_browser_no_surface_is_drawn_by_itself(live, inputs):
    run(inputs, live)
    assert not len(live._exhibit.scene.layers[-1].faces)


def test_a_watched_fit_ends_with_the_same_bits(live, inputs):
    live.panel.extract._impl.update_cb[0](None)
    watched, alone = run(inputs, live), run(inputs)
    places = np.random.default_rng(1).normal([9, 0, 0], size=(50, 3))
    np.testing.assert_array_equal(watched.query(places), alone.query(places))


def test_stop_ends_the_fit_after_the_step_and_saves(live, inputs, tmp_path):
    stopping = ask_at(3, live.panel.stop._impl.update_cb[0])
    result = run(inputs, stopping, live, folder=tmp_path / "run")
    assert (result.interrupted, result.step) == (True, 3)
    assert len(list((tmp_path / "run" / "checkpoints").iterdir())) == 1


def test_a_pause_answers_until_it_ends(live, inputs, monkeypatch):
    naps, slices = [], []
    live.viewer.jobs.work()
    monkeypatch.setattr(live, "_query", lambda places: slices.append(1))

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 2:
            live.viewer.jobs.ask("draw", lambda: slices.append(len(naps)))
        if len(naps) == 4:
            live.panel.pause.value = False

    monkeypatch.setattr("diffshape.report.viewer.live.live_fit.time.sleep", nap)
    live.panel.pause.value = True
    result = run(inputs, live)
    assert (len(naps), slices, result.interrupted) == (4, [2], False)


def test_ctrl_c_ends_a_pause(live, inputs, monkeypatch):
    live.panel.pause.value = True
    requests = []

    def hear(report):
        requests.append(report.interrupts)

    monkeypatch.setattr(
        "diffshape.report.viewer.live.live_fit.time.sleep", lambda _: setattr(requests[-1], "requested", True)
    )
    assert run(inputs, hear, live).step == 1


def test_a_field_without_a_surface_is_told_and_the_fit_goes_on(live, inputs, monkeypatch):
    live.panel.extract._impl.update_cb[0](None)

    def refuse(self, resolution=None):
        raise ValueError("the field has NaN")

    monkeypatch.setattr("diffshape.fitting.result.FitResult.mesh", refuse)
    said = []
    monkeypatch.setattr(live.panel, "say", said.append)
    assert run(inputs, live).step == 6
    assert "no surface of step 1: the field has NaN" in said


def test_the_panel_tells_step_and_loss(live, inputs):
    run(inputs, live)
    assert live.panel._status.content.startswith("step 1 of 6")
    live.panel.finish("the fit is finished")
    assert live.panel._status.content == "the fit is finished"
    assert not live.panel.stop.visible


def ask_at(step, handler):
    """An observer that presses a button at a step."""
    return lambda report: handler(SimpleNamespace()) if report.step == step else None
