from dataclasses import fields

import pytest
import yaml

from diffshape.models import DrawnFamily, OccupancyConfig, OccupancySettings, ShapeFiles


@pytest.mark.parametrize(
    "settings",
    [
        OccupancySettings(),
        OccupancySettings(data=DrawnFamily(family="lamp", shapes=3), config=OccupancyConfig(near=0.0), steps=7, seed=4),
        OccupancySettings(data=None, steps=3),
        OccupancySettings(data=ShapeFiles(folder="chairs"), steps=None, seconds=2.5),
    ],
)
def test_settings_survive_yaml_and_are_complete(settings):
    plain = yaml.safe_load(yaml.safe_dump(settings.to_dict()))
    assert OccupancySettings.from_dict(plain) == settings
    assert (plain["version"], plain["kind"]) == (2, "train occupancy")
    assert plain["config"].keys() == {item.name for item in fields(OccupancyConfig)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "train deep-sdf"}, "kind must be 'train occupancy', got 'train deep-sdf'"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"seconds": 3.0}, "give steps or seconds, one of them"),
        ({"config": {"depth": 3}}, r"there is no setting config\.depth"),
    ],
)
def test_what_is_unknown_or_out_of_range_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        OccupancySettings.from_dict({**OccupancySettings().to_dict(), **change})
