import numpy as np
import pytest
import torch

from diffshape.data import SpinePhantomConfig
from diffshape.models import (
    FolderData,
    PhantomData,
    landmark_data,
)


def test_phantoms_to_learn_from_are_not_those_to_be_tested_on():
    data = PhantomData(phantom=SpinePhantomConfig(view="ap"), images=5, test_images=3)
    learn, test = landmark_data(data)
    assert (len(learn), len(test), learn.skeleton.count) == (5, 3, 20)
    assert not torch.equal(learn.landmarks[:3], test.landmarks)
    assert torch.equal(learn.images, landmark_data(data)[0].images)
    assert not torch.equal(learn.images, landmark_data(data, seed=1)[0].images)


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
