from diffshape.models import DeepSDFSettings, LandmarkSettings
from diffshape.training.run_settings import RunSettings


def test_every_training_has_a_name_of_its_own():
    kinds = RunSettings.__subclasses__()
    assert {LandmarkSettings, DeepSDFSettings} <= set(kinds)
    assert len({kind.VERB for kind in kinds}) == len({kind.TITLE for kind in kinds}) == len(kinds)


def test_names_stand_first_in_a_file_and_are_no_settings():
    for kind in (LandmarkSettings, DeepSDFSettings):
        plain = kind().to_dict()
        assert list(plain)[:2] == ["version", "kind"]
        assert plain["kind"] == kind.VERB
        assert kind.from_dict(plain) == kind()
