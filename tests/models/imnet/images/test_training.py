import os
import signal
from dataclasses import fields, replace

import pytest
import torch

from diffshape.models import (
    ImNet,
    ImNetFromImages,
    ImNetImagesConfig,
    ImNetImagesSettings,
    load,
    resume_training,
    train_imnet_images,
)

TINY = ImNetImagesConfig(size=32, width=2, batch=2, lr=3e-3)


@pytest.fixture(scope="module")
def seen(two):
    """Both boxes with two views each: their silhouettes from two sides, as parallel light makes them."""
    sides = torch.stack([two.voxels.any(3), two.voxels.any(1)], 1).float()
    return replace(two, images=sides.repeat_interleave(2, -1).repeat_interleave(2, -2))


@pytest.fixture(params=["improved", "original"])
def autoencoder(request, tiny):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = ImNet(replace(tiny, network=replace(tiny.network, version=request.param)))
    return model.eval()


def same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def stop_after(step):
    """An observer that presses Ctrl-C."""
    return lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == step else None


def test_codes_are_seen_in_images(learnt, seen):
    model = train_imnet_images(learnt, seen, TINY, steps=150).model
    wanted = learnt.codes_of(seen)
    apart = (wanted[0] - wanted[1]).norm()
    with torch.no_grad():
        for view in range(2):
            assert (model.encode(seen.images[:, view]) - wanted).norm(dim=1).max() < 0.4 * apart
        assert torch.equal(model.codes_of(seen), model.encode(seen.images[:, 0]))


def test_the_autoencoder_is_frozen_and_in_evaluation_mode(autoencoder, seen):
    """Even one that is in training mode, whose batch normalisation would follow the voxels."""
    before = {name: value.clone() for name, value in autoencoder.state_dict().items()}
    wanted = autoencoder.codes_of(seen)
    autoencoder.train()
    heard = []
    model = train_imnet_images(autoencoder, seen, TINY, steps=3, observers=[heard.append]).model
    assert all(torch.equal(before[name], value) for name, value in autoencoder.state_dict().items())
    assert same(model.autoencoder, autoencoder)
    assert model.autoencoder is not autoencoder
    assert not model.autoencoder.training
    assert not any(parameter.requires_grad for parameter in model.autoencoder.parameters())
    points = seen.volume_points
    assert torch.equal(model.values(points, wanted), autoencoder.values(points, wanted))


def test_the_loss_by_hand(autoencoder, seen):
    """An encoder that gives 1/2 everywhere: the mean square of what the codes are away from it."""
    from diffshape.models.imnet.images.task import ImageCodesTask

    codes = autoencoder.codes_of(seen)
    task = ImageCodesTask(ImNetFromImages(autoencoder, TINY), seen.images, codes)
    last = task.model.encoder[-3]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    assert task.loss(0, 0.0).total.item() == pytest.approx((codes - 0.5).square().mean().item(), rel=1e-5)


def test_interrupted_and_resumed_it_ends_with_the_same_bits(autoencoder, seen, tmp_path):
    whole = train_imnet_images(autoencoder, seen, TINY, steps=4).model
    train_imnet_images(autoencoder, seen, TINY, steps=4, folder=tmp_path, observers=[stop_after(2)])
    result = resume_training(tmp_path, (autoencoder, seen))
    assert result.step == 4
    assert same(result.model, whole)
    back = load(tmp_path)
    assert type(back) is ImNetFromImages
    assert same(back, whole)
    assert torch.equal(back.codes_of(seen), whole.codes_of(seen))


def test_every_setting_changes_what_is_learnt(autoencoder, seen):
    other = {"size": 64, "width": 3, "batch": 1, "lr": 1e-2, "beta": 0.9}
    assert other.keys() == {item.name for item in fields(ImNetImagesConfig)}
    large = replace(seen, images=seen.images.repeat_interleave(2, -1).repeat_interleave(2, -2))

    def learnt(config):
        model = train_imnet_images(autoencoder, large if config.size == 64 else seen, config, steps=3).model
        return torch.cat([parameter.flatten() for parameter in model.encoder.parameters()])

    before = learnt(TINY)
    assert torch.equal(before, learnt(TINY))
    for name, value in other.items():
        assert not torch.equal(before, learnt(replace(TINY, **{name: value}))), name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a, s: train_imnet_images(a, replace(s, images=None), TINY, steps=1), "shapes must have images"),
        (lambda a, s: train_imnet_images(a, replace(s, voxels=None), TINY, steps=1), "shapes must have voxels"),
        (lambda a, s: train_imnet_images(a, s, steps=1), r"images must be 64 x 64 like config\.size"),
        (
            lambda a, s: ImNetFromImages(a, TINY).encode(torch.zeros(1, 32, 31)),
            r"images \(B, 32, 32\), got \(1, 32, 31",
        ),
        (lambda a, s: ImNetImagesConfig(size=48), "size must be a power of two of 32 or more, got 48"),
        (lambda a, s: ImNetImagesConfig(lr=0.0), "lr must be positive"),
        (lambda a, s: ImNetImagesSettings(steps=0), "steps must be at least 1"),
    ],
)
def test_what_is_wrong_is_said(autoencoder, seen, call, message):
    with pytest.raises(ValueError, match=message):
        call(autoencoder, seen)
