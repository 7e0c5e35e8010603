"""Whoever calls has the random numbers that it would have had."""

import torch

from diffshape.training import CheckpointFolder, Steps, own_randomness, train


def test_the_seed_counts_inside_and_not_outside():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with own_randomness(seed=7):
        inside = torch.rand(3)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(inside, torch.rand(3, generator=torch.Generator().manual_seed(7)))


def test_a_resumed_run_leaves_the_callers_numbers(regression, tmp_path):
    train(regression(), budget=Steps(3), checkpoints=CheckpointFolder(tmp_path))
    task = regression()
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train(task, budget=Steps(6), checkpoints=CheckpointFolder(tmp_path), resume=True)
    assert torch.equal(torch.get_rng_state(), before)
