"""What fits refuse before any work, and what they say meanwhile."""

import numpy as np
import pytest

from diffshape.data import icosphere
from diffshape.fields import HashGridConfig
from diffshape.fitting import DiffCD, Supervised, fit_mesh, fit_meshes, fit_points, resume_fit
from diffshape.fitting.methods.table import METHODS

CLOUD = np.random.default_rng(0).normal(size=(50, 3))
BALL = icosphere(2)
FITS = {"fit_points": (fit_points, CLOUD), "fit_mesh": (fit_mesh, BALL), "fit_meshes": (fit_meshes, [BALL])}
KINDS = {"fit_points": "scan", "fit_mesh": "mesh", "fit_meshes": "mesh"}


def sentence(name, error=TypeError, **options):
    function, shape = FITS[name]
    with pytest.raises(error, match=f"^{name}: ") as refused:
        function(shape, **options)
    text = str(refused.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize(
    ("given", "shown"),
    [("diffcd", "'diffcd'"), (3, "3"), (DiffCD, "the class DiffCD"), (HashGridConfig(), "a HashGridConfig")],
)
def test_a_method_is_settings_of_one(name, given, shown):
    text = sentence(name, method=given)
    wanted, _, got = text.removeprefix(f"{name}: method must be ").partition(" or None, got ")
    methods = [method.config.__name__ for method in METHODS.values() if method.fits == KINDS[name]]
    assert [each.split()[-1] for each in wanted.split(", ")] == methods
    assert got.startswith(shown)


def test_a_method_of_the_other_kind_is_named():
    assert "got a Supervised" in sentence("fit_points", method=Supervised())
    assert "got a DiffCD" in sentence("fit_mesh", method=DiffCD())


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("given", ["hash", 256, HashGridConfig])
def test_a_field_is_settings_of_one(name, given):
    assert "HashGridConfig" in sentence(name, field=given)


@pytest.mark.parametrize("name", FITS)
def test_a_device_is_one_that_is_there(name):
    assert "device must be" in sentence(name, ValueError, device="gpu")


@pytest.mark.parametrize("name", FITS)
def test_observers_are_a_list(name):
    assert "observers must be a list" in sentence(name, observers=print)


@pytest.mark.parametrize("name", ["fit_points", "fit_mesh"])
def test_a_folder_is_a_path(name):
    assert "folder must be" in sentence(name, folder=3)


@pytest.mark.parametrize("stop", [0.01, "soon"])
def test_a_stop_is_a_rule(stop):
    assert "stop must be a StopRule or None" in sentence("fit_meshes", stop=stop)


@pytest.mark.parametrize("given", [None, 3])
def test_a_fit_is_resumed_from_a_path(given):
    with pytest.raises(TypeError, match="resume_fit: folder must be a path, got"):
        resume_fit(given)


def test_progress_says_what_is_done_and_where(capfd):
    fit_mesh(BALL, Supervised(pool=200, batch=20, fresh=1), steps=2, device="cpu", progress=True)
    assert "fit_mesh on cpu  100%  step 2/2" in capfd.readouterr().err


def test_without_a_terminal_nothing_is_shown(capfd):
    fit_mesh(BALL, Supervised(pool=200, batch=20, fresh=1), steps=2, device="cpu")
    assert "fit_mesh" not in capfd.readouterr().err


@pytest.mark.parametrize("fit", [fit_points, fit_mesh])
def test_a_folder_that_holds_a_run_is_refused_before_the_input_is_read(fit, tmp_path):
    (tmp_path / "config.yaml").touch()
    with pytest.raises(ValueError, match="already holds a run; resume it, or choose another folder"):
        fit("absent.ply", folder=tmp_path)
