"""Names of parameters, and modules that cannot be trained."""

import pytest
from torch import nn

from diffshape.training.task import named_parameters


def test_names():
    assert list(named_parameters({"a": nn.Linear(1, 1), "b": nn.PReLU()})) == ["a/weight", "a/bias", "b/weight"]


def test_tied_weights_within_a_module_count_once():
    tied = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    tied[1].weight = tied[0].weight
    assert list(named_parameters({"tied": tied})) == ["tied/0.weight"]


def test_what_cannot_be_trained():
    shared = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"a parameter is in two of the modules \['a', 'b'\]"):
        named_parameters({"a": shared, "b": nn.Sequential(shared)})
    with pytest.raises(ValueError, match=r"no parameter to train, got modules \['a'\]"):
        named_parameters({"a": nn.ReLU()})
    with pytest.raises(ValueError, match="must not hold a slash, got 'a/b'"):
        named_parameters({"a/b": nn.Linear(1, 1)})
