import importlib
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass, replace

import pytest

from diffshape.fields import HashGridConfig
from diffshape.fitting import DiffCD, Supervised
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.methods.config import MeshMethodConfig, MethodConfig, ScanMethodConfig, method_of
from diffshape.fitting.methods.table import METHODS, fits_of, name_of, task_class
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.presets import PRESETS
from diffshape.fitting.settings import FitSettings

BASES = {"scan": ScanMethodConfig, "mesh": MeshMethodConfig}


@dataclass(frozen=True, kw_only=True)
class Unlisted(ScanMethodConfig):
    """A method that the list does not have."""


@dataclass(frozen=True, kw_only=True)
class Below(Supervised):
    """A class below one of the list, which a config.yaml could not tell from it."""


def test_no_two_rows_have_the_same_settings():
    assert len({method.config for method in METHODS.values()}) == len(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_row_has_frozen_settings_of_its_kind_of_input_and_is_found_by_them(name):
    kind, fits, _ = METHODS[name]
    config = kind()  # every setting has a default
    assert is_dataclass(kind)
    assert isinstance(config, BASES[fits])
    with pytest.raises(FrozenInstanceError):
        setattr(config, fields(kind)[0].name, None)
    assert (name_of(config), fits_of(config)) == (name, fits)


@pytest.mark.parametrize("name", METHODS)
def test_the_task_of_a_row_is_there_and_answers_what_a_fit_asks(name):
    module, _, task_name = METHODS[name].task.partition(":")
    task = task_class(METHODS[name].config())
    assert task is getattr(importlib.import_module(f"diffshape.fitting.methods.{module}"), task_name)
    assert issubclass(task, FitTask)
    for answer in ("loss", "optimizer", "schedule", "in_miniature"):
        assert getattr(task, answer) is not getattr(FitTask, answer), f"{task_name} has no {answer} of its own"


@pytest.mark.parametrize("name", METHODS)
def test_a_row_has_a_preset_and_is_the_same_after_a_file(name):
    kind, _, _ = METHODS[name]
    assert all(type(each.method) is kind for each in PRESETS[name].values())
    settings = FitSettings(method=kind(), field=HashGridConfig(), steps=1)
    assert settings.to_dict()["method"]["kind"] == name
    assert FitSettings.from_dict(settings.to_dict()) == settings


@pytest.mark.parametrize("method", [Unlisted(), Below(), MethodConfig()])
def test_a_method_that_is_not_in_the_list_is_refused_by_name(method):
    known = ", ".join(row.config.__name__ for row in METHODS.values())
    wanted = f"FitSettings: method must be one of {known}, got {type(method).__name__}$"
    with pytest.raises(ValueError, match=wanted):
        FitSettings(method=method, steps=1)


def test_settings_of_another_kind_of_input_are_refused_by_name():
    assert method_of(ScanMethodConfig, DiffCD(batch=7)) == DiffCD(batch=7)
    with pytest.raises(ValueError, match="method must be a ScanMethodConfig, got Supervised"):
        method_of(ScanMethodConfig, Supervised())
    with pytest.raises(ValueError, match="method must be a MeshMethodConfig, got DiffCD"):
        method_of(MeshMethodConfig, DiffCD())


def test_the_folder_of_a_fit_of_the_other_kind_of_input_is_damaged(ball_fit, tmp_path):
    settings = FitSettings(method=Supervised(), field=ball_fit.settings.field, steps=1)
    FitFolder(tmp_path / "run").begin_fit(replace(ball_fit.fit, settings=settings))
    with pytest.raises(ValueError, match=r"the fit in .*run cannot be read: 'vertices'"):
        FitFolder(tmp_path / "run").read()


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.fits == "scan"])
def test_any_method_for_scans_can_leave_the_preparation_out(name):
    method = METHODS[name].config()
    raw = method.unprepared()
    assert (type(raw), raw.scan) == (type(method), None)
    assert raw.unprepared() == raw


def test_diffcd_without_preparation_keeps_all_but_the_normals():
    assert DiffCD(batch=9, normal_weight=0.5).unprepared() == DiffCD(batch=9, scan=None, normal_weight=0.0)
