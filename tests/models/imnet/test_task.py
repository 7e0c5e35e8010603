from dataclasses import replace

import pytest

from diffshape.models import ImNet
from diffshape.models.imnet.task import ImNetTask


def task_of(shapes, config, value=None):
    model = ImNet(config)
    if value is not None:
        for weight in model.decoder.weights:
            weight.data.zero_()
        model.decoder.offsets[-1].data.fill_(value)
    return ImNetTask(model, shapes)


def test_the_loss_by_hand(tiny, two):
    """A decoder of 0.25 everywhere, over all cells of the coarsest grid: the mean of the squares."""
    task = task_of(two, replace(tiny, points=4000), value=0.25)
    terms = task.loss(0, progress=0.0)
    share = two.voxels.reshape(2, 4, 4, 4, 4, 4, 4).amax((2, 4, 6)).float().mean().item()
    assert terms.total.item() == pytest.approx(share * 0.75**2 + (1 - share) * 0.25**2, rel=0.05)


@pytest.mark.parametrize(
    ("progress", "resolution"), [(0.0, 4), (0.24, 4), (0.25, 8), (0.49, 8), (0.5, 16), (0.99, 16), (1.0, 16)]
)
def test_stages_follow_the_progress(tiny, two, progress, resolution):
    assert task_of(two, tiny).stage(progress).resolution == resolution


def test_cells_of_every_stage_are_kept(tiny, two):
    task = task_of(two, tiny)
    assert [stage.places.shape[1] for stage in task.stages] == [64, 256, 1000]


def test_both_networks_are_trained_and_the_trained_model_is_in_evaluation_mode(tiny, two):
    task = task_of(two, tiny)
    task.loss(0, 0.0).backward()
    assert all(bool(parameter.grad.any()) for parameter in task.model.encoder.parameters())
    assert all(parameter.grad is not None for parameter in task.model.decoder.parameters())
    assert task.model.training
    assert not task.trained().training
