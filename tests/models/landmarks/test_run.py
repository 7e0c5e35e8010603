import numpy as np
import pytest
import torch

from diffshape.data import SpinePhantomConfig
from diffshape.models import (
    FolderData,
    LandmarkDetector,
    LandmarkSettings,
    PhantomData,
    landmark_data,
    load_landmark_detector,
)
from diffshape.models.landmarks.run import LandmarkRun


@pytest.fixture
def run(tmp_path, tiny, few):
    run = LandmarkRun(tmp_path / "run")
    settings = LandmarkSettings(network=tiny, steps=2)
    run.begin(settings)
    run.save(LandmarkDetector(few.skeleton, tiny, settings.objective), 2)
    return run


def test_a_saved_detector_finds_the_same(run, few, tiny):
    torch.manual_seed(1)
    detector = LandmarkDetector(few.skeleton, tiny)
    run.save(detector, 2)
    loaded = load_landmark_detector(run.path)
    assert torch.equal(loaded.detect(few.images).landmarks, detector.detect(few.images).landmarks)
    assert loaded.skeleton == few.skeleton
    assert not loaded.training


def test_a_run_is_begun_once(run):
    with pytest.raises(ValueError, match="already holds a run"):
        run.begin(LandmarkSettings())
    assert run.read_settings(LandmarkSettings).steps == 2


@pytest.mark.parametrize("text", ["", "- 1", "version: 2", "{", "version: 2\nkind: train landmarks\nspeed: 3\n"])
def test_damaged_settings_name_their_file(run, text):
    (run.path / "config.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"config.yaml is not the config.yaml of a landmark training"):
        run.read_settings(LandmarkSettings)


def test_what_is_no_run_says_so(tmp_path, run):
    with pytest.raises(ValueError, match="is not the folder of a landmark training"):
        load_landmark_detector(tmp_path)
    (run.path / "network.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match="cannot be read"):
        load_landmark_detector(run.path)
    (run.path / "network.safetensors").unlink()
    with pytest.raises(ValueError, match="is not finished"):
        load_landmark_detector(run.path)


def test_weights_of_another_network_are_refused(run, few):
    run.save(LandmarkDetector(few.skeleton), 2)
    with pytest.raises(ValueError, match="cannot be read"):
        load_landmark_detector(run.path)


def test_phantoms_to_learn_from_are_not_those_to_be_tested_on():
    data = PhantomData(phantom=SpinePhantomConfig(view="ap"), images=5, test_images=3)
    learn, test = landmark_data(data)
    assert (len(learn), len(test), learn.skeleton.count) == (5, 3, 20)
    assert not torch.equal(learn.landmarks[:3], test.landmarks)
    assert torch.equal(learn.images, landmark_data(data)[0].images)
    assert not torch.equal(learn.images, landmark_data(data, seed=1)[0].images)


def test_a_wrong_bit_of_the_weights_is_found_and_a_cure_told(run):
    weights = run.path / "network.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ValueError, match=r"network\.safetensors is damaged: .*diffshape train landmarks --resume"):
        load_landmark_detector(run.path)


@pytest.fixture
def folder(tmp_path):
    for number in range(10):
        np.save(tmp_path / f"{number}.npy", np.full((32, 32), number, np.float32))
        (tmp_path / f"{number}.csv").write_text("1,1,9,1\n1,6,9,6\n")
    return tmp_path


def test_a_folder_is_split_into_two_parts(folder):
    parts = landmark_data(FolderData(folder=str(folder), size=(32, 32), holdout=0.3))
    learn, test = ([round(image.max().item()) for image in part.images] for part in parts)
    assert len(test) == 3
    assert sorted(learn + test) == list(range(10))
    other = landmark_data(FolderData(folder=str(folder), size=(32, 32), holdout=0.3), seed=1)[1]
    assert [round(image.max().item()) for image in other.images] != test


def test_one_image_is_too_few(folder):
    for number in range(1, 10):
        (folder / f"{number}.npy").unlink()
    with pytest.raises(ValueError, match="one image is too few"):
        landmark_data(FolderData(folder=str(folder)))
