"""Names of parameters, modules that cannot be trained, and examples that are not those of a checkpoint."""

import pytest
import torch
from torch import nn

from diffshape.training.task import ExampleTask, named_parameters


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


def test_draws_go_on_from_a_state():
    task = ExampleTask(torch.rand(4, 3), torch.rand(4, 2, 2), seed=3)
    kept = task.state()
    drawn = torch.rand(5, generator=task.generator)
    task.load_state(kept)
    assert torch.equal(torch.rand(5, generator=task.generator), drawn)


@pytest.mark.parametrize("change", [lambda each: each[:3], lambda each: each.flip(0), lambda each: each + 0.01])
def test_other_examples_are_refused(change):
    one, two = torch.rand(4, 3), torch.rand(4, 2, 2)
    kept = ExampleTask(one, two, seed=3).state()
    for others in ((change(one), change(two)), (one[: len(change(one))], change(two))):
        task = ExampleTask(*others, seed=3)
        before = task.generator.get_state()
        with pytest.raises(ValueError, match=f"begun with other examples than the {len(others[0])} that were given"):
            task.load_state(kept)
        assert torch.equal(task.generator.get_state(), before)


def test_rounding_makes_no_other_examples():
    """Another processor draws the same examples with other last bits."""
    one = torch.rand(4, 1000)
    ExampleTask(torch.nextafter(one, one + 1), seed=3).load_state(ExampleTask(one, seed=3).state())


@pytest.mark.parametrize("state", [{}, {"generator": torch.zeros(3)}, {"examples": torch.zeros(1, 4)}])
def test_what_is_no_state_says_so(state):
    with pytest.raises(ValueError, match=r"ExampleTask\.load_state: state must be what state\(\) gave"):
        ExampleTask(torch.zeros(4, 2), seed=0).load_state(state)
