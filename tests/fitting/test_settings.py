import importlib
import pkgutil
import sys
from dataclasses import fields, is_dataclass, replace
from typing import get_args, get_type_hints

import pytest
import yaml

import diffshape.fitting
from diffshape.fields import FeatureGridConfig, HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fitting import DiffCD, ScanConfig, Supervised, preset
from diffshape.fitting.methods.table import METHODS
from diffshape.fitting.presets import SCAN_PRESETS
from diffshape.fitting.scans.prior.training.settings import ScanPriorSettings
from diffshape.fitting.settings import FitSettings

SETTINGS = FitSettings(method=DiffCD(), field=MLPConfig(width=32), steps=7, seconds=None, seed=3)


@pytest.mark.parametrize(
    ("method", "name"), [(method, name) for method in SCAN_PRESETS for name in SCAN_PRESETS[method]]
)
def test_every_preset_survives_yaml(method, name):
    chosen = preset(name, method)
    field = chosen.field or HashGridConfig(box=(-0.7, 0.9))
    settings = FitSettings(method=chosen.method, field=field, steps=chosen.steps, seconds=None, seed=5)
    assert FitSettings.from_dict(yaml.safe_load(yaml.safe_dump(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    "field",
    [FeatureGridConfig(levels=3, box=(-1.0, 1.0)), HashGridConfig(), MLPConfig(skip=()), LatentMLPConfig(skip=(2, 5))],
)
def test_every_kind_of_field_survives_yaml(field):
    settings = replace(SETTINGS, field=field)
    assert FitSettings.from_dict(yaml.safe_load(yaml.safe_dump(settings.to_dict()))) == settings


def test_every_field_of_method_and_field_is_written():
    plain = SETTINGS.to_dict()
    assert plain["method"].keys() == {"kind", *(field.name for field in fields(DiffCD))}
    assert plain["field"].keys() == {"kind", *(field.name for field in fields(MLPConfig))}


def test_the_preparation_of_the_scan_is_written_too():
    plain = SETTINGS.to_dict()["method"]["scan"]
    assert plain.keys() == {field.name for field in fields(ScanConfig)}
    plain["orientation"]["rounds"] = 2
    again = FitSettings.from_dict({**SETTINGS.to_dict(), "method": {**SETTINGS.to_dict()["method"], "scan": plain}})
    assert again.method.scan.orientation.rounds == 2
    raw = replace(SETTINGS, method=DiffCD(scan=None, normal_weight=0.0))
    assert FitSettings.from_dict(raw.to_dict()) == raw


def reachable(hint):
    """The settings in a type: dataclasses, those that a base of them stands for, and those in them."""
    found = set()
    for each in (hint, *get_args(hint)):
        kinds = {each, *each.__subclasses__()} if isinstance(each, type) else set()
        for kind in filter(is_dataclass, kinds - {None}):
            found |= {kind}.union(*(reachable(inner) for inner in get_type_hints(kind).values()))
            found |= set().union(*(reachable(below) for below in kind.__subclasses__()))
    return found


def test_every_settings_class_of_a_run_is_in_its_settings():
    for module in pkgutil.walk_packages(diffshape.fitting.__path__, "diffshape.fitting."):
        importlib.import_module(module.name)
    named = {method.config for method in METHODS.values()}
    configs = {
        thing
        for name, module in list(sys.modules.items())
        if name.startswith(("diffshape.fitting.", "diffshape.fields."))
        for thing in vars(module).values()
        if is_dataclass(thing) and isinstance(thing, type) and thing.__name__.endswith("Config")
    }
    assert configs | named <= reachable(FitSettings) | reachable(ScanPriorSettings)


def test_only_a_scan_is_open():
    assert FitSettings.from_dict(replace(SETTINGS, open=True).to_dict()).open
    with pytest.raises(ValueError, match="FitSettings: open is for fits of scans; the method fits a mesh"):
        FitSettings(method=Supervised(), steps=1, open=True)


def test_the_seed_is_optional():
    plain = SETTINGS.to_dict()
    del plain["seed"]
    assert FitSettings.from_dict(plain) == replace(SETTINGS, seed=0)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (("speed",), r"there is no setting .*speed"),
        (("method", "speed"), r"there is no setting .*speed"),
        (("field", "speed"), r"there is no setting .*speed"),
    ],
)
def test_an_unknown_key_is_refused(where, message):
    plain = SETTINGS.to_dict()
    inner = plain
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = 1
    with pytest.raises(ValueError, match=message):
        FitSettings.from_dict(plain)


@pytest.mark.parametrize(
    ("part", "value"),
    [("method", None), *((part, value) for part in ("method", "field") for value in (3, {}, {"kind": "magic"}))],
)
def test_an_unknown_kind_is_refused(part, value):
    with pytest.raises(ValueError, match=f"{part} must have a kind out of"):
        FitSettings.from_dict({**SETTINGS.to_dict(), part: value})


def test_a_missing_key_is_refused():
    plain = SETTINGS.to_dict()
    del plain["steps"]
    with pytest.raises(ValueError, match="give steps or seconds, one of them, got None and None"):
        FitSettings.from_dict(plain)


@pytest.mark.parametrize("version", [None, 0, 1, "2"])
def test_another_version_is_refused(version):
    with pytest.raises(ValueError, match="version must be 2"):
        FitSettings.from_dict({**SETTINGS.to_dict(), "version": version})


@pytest.mark.parametrize("budget", [{"steps": None, "seconds": None}, {"steps": 5, "seconds": 1.0}])
def test_exactly_one_budget_is_wanted(budget):
    with pytest.raises(ValueError, match="give steps or seconds, one of them"):
        replace(SETTINGS, **budget)


def test_a_value_out_of_range_is_refused():
    plain = SETTINGS.to_dict()
    plain["method"]["batch"] = 0
    with pytest.raises(ValueError, match="DiffCD: batch must be at least 1"):
        FitSettings.from_dict(plain)
