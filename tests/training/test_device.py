import pytest
import torch

from diffshape.training import device as device_module
from diffshape.training.device import chosen_device

NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.mark.parametrize(("there", "device"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_a_gpu_if_there_is_one(monkeypatch, there, device):
    monkeypatch.setattr(device_module, "gpu_found", lambda: there)
    assert chosen_device("auto", argument="f: device") == torch.device(device)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu"), "cpu:0"])
def test_what_is_named_is_taken(device):
    assert chosen_device(device, argument="f: device") == torch.device(device)


@pytest.mark.parametrize("device", ["gpu", "", "meta", None, 0, True, ["cuda"], "cuda:x"])
def test_what_is_no_device_is_refused(device):
    with pytest.raises(ValueError, match=r'f: device must be "auto", "cpu", "cuda" or a torch\.device, got '):
        chosen_device(device, argument="f: device")


@NO_GPU
@pytest.mark.parametrize("device", ["cuda", "cuda:1", torch.device("cuda")])
def test_a_gpu_that_is_not_there_is_one_sentence(device):
    with pytest.raises(ValueError, match=r'^f: device is "cuda.*", and torch .* finds none here; use "cpu", or "auto"'):
        chosen_device(device, argument="f: device")
