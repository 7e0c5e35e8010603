"""TrainedFamily: codes of shapes by name, number and file, also of models that read sets of shapes."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from diffshape.data import ShapeSet
from diffshape.models import trained_family
from diffshape.models.trained_family import FILE_POINTS, TrainedFamily, made_shapes


class Reading:
    """A model whose code of a shape is the mean of its points."""

    def codes_of(self, shapes):
        (points,) = shapes.require("points", by="Reading.codes_of")
        self.read = points.shape
        return points.mean(1)


@dataclass
class Settings:
    data: object = "data"
    seed: int = 7
    VERB: str = "train reading"


SHAPES = ShapeSet(names=("one", "two", "2"), points=torch.arange(3.0)[:, None, None].expand(3, 5, 3).clone())


@pytest.fixture
def family(tmp_path, monkeypatch):
    class Kind:
        @staticmethod
        def examples(data, *, seed):
            assert (data, seed) == ("data", 7)
            return SHAPES, SHAPES[:0]

    monkeypatch.setattr(trained_family, "training_of", lambda kind: Kind)
    return TrainedFamily(tmp_path, Reading(), Settings())


@pytest.mark.parametrize(("which", "code"), [("one", 0.0), ("two", 1.0), ("1", 1.0), ("0", 0.0), ("2", 2.0)])
def test_a_name_or_a_number(family, which, code):
    assert family.code_of(which).tolist() == [code] * 3


def test_a_file(family, tmp_path):
    points = np.random.default_rng(0).normal(size=(3000, 3))
    np.save(tmp_path / "cloud.npy", points)
    code = family.code_of(str(tmp_path / "cloud.npy"))
    assert family.model.read == (1, FILE_POINTS, 3)
    assert np.abs(code.numpy() - points.mean(0)).max() < 0.1


def test_up_is_that_of_the_settings_or_y(family):
    assert family.up == "y"


def test_shapes_that_are_in_no_file(family):
    with pytest.raises(ValueError, match="the shapes of this training are in no file; give files"):
        TrainedFamily(family.folder, Reading(), Settings(data=None)).code_of("0")
    with pytest.raises(ValueError, match="the shapes of this training are in no file"):
        TrainedFamily(family.folder, Reading()).code_of("0")


@pytest.mark.parametrize("which", ["3", "-1", "three", ""])
def test_no_shape(family, which):
    with pytest.raises(ValueError, match=f"'{which}' is no file and no shape of the training"):
        family.code_of(which)


def test_what_a_model_cannot_do(family):
    with pytest.raises(ValueError, match="the model, Reading, completes no scans"):
        family.ability("complete", "completes no scans")


def test_voxels_are_no_shapes_to_write():
    assert len(made_shapes(torch.zeros(2, 5, 3), by="run")) == 2
    with pytest.raises(ValueError, match=r"run: the model makes neither meshes nor points, but arrays of shape \(4, 4"):
        made_shapes(torch.zeros(2, 4, 4, 4), by="run")
