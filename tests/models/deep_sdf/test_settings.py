import subprocess
import sys
from dataclasses import fields, replace

import pytest
import yaml

from diffshape.models import PUBLISHED_DEEP_SDF, DeepSDFConfig, DeepSDFSettings, DrawnShapes, ShapeFolder

SETTINGS = [
    DeepSDFSettings(),
    DeepSDFSettings(data=DrawnShapes(family="torus", shapes=3), config=DeepSDFConfig(clamp=0.2), steps=7, seed=4),
    DeepSDFSettings(data=None, steps=3),
    DeepSDFSettings(data=ShapeFolder(folder="parts"), config=PUBLISHED_DEEP_SDF, steps=None, seconds=2.5),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_survive_yaml_and_are_complete(settings):
    plain = yaml.safe_load(yaml.safe_dump(settings.to_dict()))
    assert DeepSDFSettings.from_dict(plain) == settings
    assert (plain["version"], plain["kind"]) == (2, "train deep-sdf")
    assert plain["config"].keys() == {item.name for item in fields(DeepSDFConfig)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, "DeepSDFSettings: version must be 2, got 1"),
        ({"kind": "train landmarks"}, "kind must be 'train deep-sdf', got 'train landmarks'"),
        ({"speed": 1}, r"there is no setting .*speed"),
        ({"data": {"kind": "cloud"}}, "data must have a kind out of drawn, folder"),
        ({"data": {"kind": "folder"}}, "data: missing settings data.folder"),
        (
            {"data": {"kind": "drawn", "family": "sofa"}},
            "family must be one of ellipsoid, box, rounded_box, torus, chair",
        ),
    ],
)
def test_what_is_unknown_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        DeepSDFSettings.from_dict({**DeepSDFSettings().to_dict(), **change})


@pytest.mark.parametrize(
    "make",
    [
        lambda: DrawnShapes(shapes=0),
        lambda: DrawnShapes(test_shapes=0),
        lambda: ShapeFolder(folder=".", holdout=0.0),
        lambda: ShapeFolder(folder=".", holdout=1.0),
        lambda: DeepSDFSettings(steps=0),
        lambda: replace(SETTINGS[3], seconds=0.0),
        lambda: replace(SETTINGS[3], seconds=float("nan")),
    ],
)
def test_what_is_out_of_range_is_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.deep_sdf.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
