from dataclasses import replace

import pytest
import yaml

from diffshape.data import SpinePhantomConfig
from diffshape.models import (
    FolderData,
    LandmarkObjective,
    LandmarkSettings,
    LandmarkTraining,
    LandmarkTransformerConfig,
    LandmarkUNetConfig,
    PhantomData,
)

SETTINGS = [
    LandmarkSettings(),
    LandmarkSettings(
        data=PhantomData(phantom=SpinePhantomConfig(view="ap", width=96), images=7),
        network=LandmarkUNetConfig(widths=(8, 16), stride=2),
        objective=LandmarkObjective(heatmap="mse", learn_weights=True),
        training=LandmarkTraining(batch=3),
        steps=9,
        seed=4,
    ),
    LandmarkSettings(data=FolderData(folder="scans", spacing=0.2), network=LandmarkTransformerConfig(heads=4)),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_survive_yaml(settings):
    assert LandmarkSettings.from_dict(yaml.safe_load(yaml.safe_dump(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, "version must be 2, got 1"),
        ({"kind": "train faces"}, "kind must be 'train landmarks'"),
        ({"speed": 1}, r"there is no setting .*speed"),
        ({"training": {"batches": 1}}, r"there is no setting .*batches"),
        ({"network": {"kind": "oracle"}}, "network must have a kind out of"),
        ({"network": {"kind": "unet", "depth": 3}}, r"there is no setting .*depth"),
        ({"training": 3}, "training must be settings by name, got 3"),
    ],
)
def test_what_is_unknown_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        LandmarkSettings.from_dict({**LandmarkSettings().to_dict(), **change})


@pytest.mark.parametrize(
    "make",
    [
        lambda: PhantomData(images=0),
        lambda: FolderData(folder=".", holdout=1.0),
        lambda: LandmarkSettings(steps=0),
        lambda: LandmarkSettings(data=PhantomData(phantom=SpinePhantomConfig(width=100))),
    ],
)
def test_what_is_out_of_range_is_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_the_size_of_images_suits_the_network_or_says_what_does():
    with pytest.raises(ValueError, match=r"multiples of 32 for this network, got 128 and 100"):
        LandmarkSettings(data=PhantomData(phantom=SpinePhantomConfig(width=100)))
    small = LandmarkUNetConfig(widths=(8, 16))
    assert LandmarkSettings(data=PhantomData(phantom=SpinePhantomConfig(width=100)), network=small).network == small
    assert replace(small, stride=2).coarsest == 4
