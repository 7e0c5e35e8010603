"""What the signatures of all losses and metrics have in common."""

import inspect

import pytest

from diffshape import losses, metrics, ops

LOSSES = [name for name in losses.__all__ if inspect.isfunction(getattr(losses, name))]
METRICS = [name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))]
MASKS = ["mask", "x_mask", "y_mask"]
WEIGHTS = ["weights", "x_weights", "y_weights", "class_weights"]


def parameters(function):
    return list(inspect.signature(function).parameters.values())


@pytest.mark.parametrize("name", LOSSES)
def test_options_of_the_formula_come_before_masks_weights_and_reductions(name):
    options = [each.name for each in parameters(getattr(losses, name)) if each.kind is each.KEYWORD_ONLY]
    ending = [option for option in (*MASKS, *WEIGHTS, "point_reduction", "reduction") if option in options]
    assert options[len(options) - len(ending) :] == ending


@pytest.mark.parametrize("name", LOSSES)
def test_weights_are_tensors(name):
    weights = [each for each in parameters(getattr(losses, name)) if each.name in WEIGHTS]
    assert all("Tensor" in str(each.annotation) for each in weights)


def test_losses_have_a_target_and_metrics_the_truth():
    words = {name: {each.name for each in parameters(getattr(losses, name))} for name in LOSSES}
    assert not [name for name in LOSSES if "truth" in words[name]]
    words = {name: {each.name for each in parameters(getattr(metrics, name))} for name in METRICS}
    assert not [name for name in METRICS if "target" in words[name]]


def test_points_come_before_normals():
    found = 0
    for package in (losses, metrics, ops):
        for name in package.__all__:
            if inspect.isfunction(getattr(package, name)):
                words = [each.name for each in parameters(getattr(package, name))]
                normals = [place for place, word in enumerate(words) if word.endswith("normals")]
                assert normals in ([], [1], [2, 3]), name
                found += bool(normals)
    assert found == 6
