import pytest
import torch

from diffshape._tensor_files import read_tensors, write_tensors
from diffshape.data import DRAWING_VERSION
from diffshape.fitting.scans.prior import scan_prior
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.scan_prior import FILE, ScanPrior, read_prior, shipped_prior


def small_prior():
    return ScanPrior(PriorConfig(passes=2, width=4, wide=5, narrow=3))


def test_a_prior_is_read_as_it_was_saved(tmp_path):
    prior = small_prior()
    prior.save(tmp_path / "deep" / "folder")
    read = read_prior(tmp_path / "deep" / "folder" / FILE)
    assert read.config == prior.config
    assert all(torch.equal(one, prior.state_dict()[name]) for name, one in read.state_dict().items())
    assert not any(parameter.requires_grad for parameter in read.parameters())


def test_the_file_says_which_drawing_it_learnt_from(tmp_path):
    small_prior().save(tmp_path)
    assert read_tensors(tmp_path / FILE).header["drawing"] == str(DRAWING_VERSION)


@pytest.mark.parametrize(
    "change", [{"network": "0"}, {"config": "{}"}, {"config": "no JSON"}, {"config": '{"passes": 3}'}]
)
def test_another_file_is_refused(tmp_path, change):
    small_prior().save(tmp_path)
    header, tensors = read_tensors(tmp_path / FILE)
    write_tensors(tmp_path / FILE, tensors, {**header, **change})
    with pytest.raises(ValueError, match="scan prior"):
        read_prior(tmp_path / FILE)


def test_weights_that_are_missing_are_named(tmp_path):
    small_prior().save(tmp_path)
    header, tensors = read_tensors(tmp_path / FILE)
    del tensors["passes.1.surface.bias"]
    write_tensors(tmp_path / FILE, tensors, header)
    with pytest.raises(ValueError, match=r"passes\.1\.surface\.bias"):
        read_prior(tmp_path / FILE)


def test_the_shipped_weights_are_small_and_of_this_drawing():
    from importlib.resources import files

    content = (files("diffshape.fitting.scans.prior") / scan_prior.FILE).read_bytes()
    assert len(content) <= 400_000
    prior = shipped_prior(torch.device("cpu"))
    assert prior is shipped_prior(torch.device("cpu"))
    assert prior.config == PriorConfig()


@pytest.mark.parametrize("deep", ["", "model"])
def test_a_folder_of_a_training_is_read(tmp_path, deep):
    small_prior().save(tmp_path / deep)
    assert read_prior(tmp_path).config.width == 4


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        read_prior(tmp_path)
