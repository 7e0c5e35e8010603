from dataclasses import fields, replace

import pytest
import yaml

from diffshape.fields import FeatureGridConfig, HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fitting import DiffCD
from diffshape.fitting.presets import PRESETS
from diffshape.fitting.settings import FitSettings

SETTINGS = FitSettings(method=DiffCD(), field=MLPConfig(width=32), steps=7, seconds=None, seed=3)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_yaml(name):
    chosen = PRESETS[name]
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


@pytest.mark.parametrize("part", ["method", "field"])
@pytest.mark.parametrize("value", [None, 3, {}, {"kind": "magic"}])
def test_an_unknown_kind_is_refused(part, value):
    with pytest.raises(ValueError, match=f"{part} must have a kind out of"):
        FitSettings.from_dict({**SETTINGS.to_dict(), part: value})


def test_a_missing_key_is_refused():
    plain = SETTINGS.to_dict()
    del plain["steps"]
    with pytest.raises(ValueError, match="missing settings steps"):
        FitSettings.from_dict(plain)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_version_is_refused(version):
    with pytest.raises(ValueError, match="version must be 1"):
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
