from dataclasses import fields

import pytest
import yaml

from diffshape.models import PUBLISHED_PSGN, DrawnFamily, PSGNConfig, PSGNSettings

SETTINGS = [
    PSGNSettings(),
    PSGNSettings(config=PUBLISHED_PSGN, steps=None, seconds=2.5),
    PSGNSettings(data=None, seed=3),
    PSGNSettings(data=DrawnFamily(family="hidden_back", shapes=3)),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_survive_yaml_and_are_complete(settings):
    plain = yaml.safe_load(yaml.safe_dump(settings.to_dict()))
    assert PSGNSettings.from_dict(plain) == settings
    assert (plain["version"], plain["kind"]) == (2, "train psgn")
    assert plain["config"].keys() == {item.name for item in fields(PSGNConfig)}


@pytest.mark.parametrize("change", [{"steps": 0}, {"seconds": 3.0}, {"steps": None, "seconds": 0.0}, {"seed": -1}])
def test_what_is_out_of_range_is_refused(change):
    with pytest.raises(ValueError, match="PSGNSettings"):
        PSGNSettings(**change)
