import pytest

from diffshape.fitting.settings import FitSettings
from diffshape.models import DeepSDFSettings, LandmarkSettings
from diffshape.models.trainings import TRAININGS, training_of
from diffshape.training import Seconds, Steps


def test_every_training_has_a_name_of_its_own():
    kinds = {verb: training_of(verb).settings for verb in TRAININGS} | {"fit": FitSettings}
    assert {verb: kind.VERB for verb, kind in kinds.items()} == {verb: verb for verb in kinds}
    assert len({kind.TITLE for kind in kinds.values()}) == len(kinds)


def test_names_stand_first_in_a_file_and_are_no_settings():
    for kind in (LandmarkSettings, DeepSDFSettings):
        plain = kind().to_dict()
        assert list(plain)[:2] == ["version", "kind"]
        assert plain["kind"] == kind.VERB
        assert kind.from_dict(plain) == kind()


@pytest.mark.parametrize("kind", [LandmarkSettings, DeepSDFSettings])
def test_one_budget_replaces_the_other(kind):
    by_seconds = kind.from_dict({"seconds": 2.0}, kind(steps=7))
    assert (by_seconds.steps, by_seconds.seconds, by_seconds.budget) == (None, 2.0, Seconds(2.0))
    by_steps = kind.from_dict({"steps": 9}, by_seconds)
    assert (by_steps.steps, by_steps.seconds, by_steps.budget) == (9, None, Steps(9))


@pytest.mark.parametrize("kind", [LandmarkSettings, DeepSDFSettings])
@pytest.mark.parametrize("budget", [{"steps": None}, {"steps": 3, "seconds": 3.0}])
def test_exactly_one_budget_is_wanted(kind, budget):
    with pytest.raises(ValueError, match=f"{kind.__name__}: give steps or seconds, one of them"):
        kind(**budget)


@pytest.mark.parametrize("kind", [LandmarkSettings, DeepSDFSettings])
def test_data_from_python_are_none_in_a_file(kind):
    settings = kind(data=None)
    assert settings.to_dict()["data"] is None
    assert kind.from_dict(settings.to_dict()) == settings


def test_the_file_of_another_kind_is_not_taken_for_that_of_an_earlier_version():
    with pytest.raises(ValueError, match="kind must be 'train deep-sdf', got 'voxel'"):
        DeepSDFSettings.from_dict({"version": 1, "kind": "voxel"})
