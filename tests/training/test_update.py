"""The guarded update: Adam as torch has it, skips that leave no trace, clipping, messages."""

import math

import pytest
import torch
from torch import nn

from diffshape.losses import LossTerms
from diffshape.training import Adam, Steps, Task, TrainingError, train
from diffshape.training.update import Updater


class Linear(Task):
    """loss = gradient . weight, so the gradient is what the test says."""

    def __init__(self, *gradients: float, dtype=torch.float32):
        self.weight = nn.Parameter(torch.zeros(len(gradients), dtype=dtype))
        self.modules = {"line": nn.ParameterDict({"weight": self.weight})}
        self.gradients = torch.tensor(gradients, dtype=dtype)

    def loss(self, step, progress):
        total = (self.gradients * self.weight).sum()
        return LossTerms(total, {"line": total})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_steps_as_torch_adamw(dtype):
    task = Linear(3.0, -0.5, dtype=dtype)
    twin = torch.zeros(2, dtype=dtype, requires_grad=True)
    peer = torch.optim.AdamW([twin], lr=0.02, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1)
    for _ in range(5):
        twin.grad = task.gradients.clone()
        peer.step()
    train(task, budget=Steps(5), optimizer=Adam(lr=0.02, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1))
    torch.testing.assert_close(task.weight.detach(), twin.detach())


@pytest.mark.parametrize(
    "change", [{"lr": 0.01}, {"betas": (0.5, 0.999)}, {"betas": (0.9, 0.9)}, {"eps": 1.0}, {"weight_decay": 0.1}]
)
def test_every_setting_acts(change, regression):
    plain, changed = regression(), regression()
    train(plain, budget=Steps(5))
    train(changed, budget=Steps(5), optimizer=Adam(**change))
    assert not torch.equal(plain.modules["net"][0].weight, changed.modules["net"][0].weight)


def test_each_module_has_its_own_settings(regression):
    task = regression()
    before = task.modules["scale"]["scale"].clone()
    train(task, budget=Steps(1), optimizer={"net": Adam(lr=1e-2), "scale": Adam(lr=0.25)})
    step = (task.modules["scale"]["scale"] - before).abs()
    torch.testing.assert_close(step, torch.tensor([0.25]), rtol=1e-3, atol=0)  # Adam's first step is its learning rate


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_skipped_update_leaves_no_trace(value, regression):
    """Weights, moments and the running statistics of the batch normalisation stay, bit for bit."""
    task = regression()
    update = Updater(task.modules, Adam())
    update(task, 1, 0.0)
    before = {key: v.clone() for key, v in (task.tensors() | update.state()).items() if "num_batches" not in key}
    task.pool = torch.full_like(task.pool, value)
    terms = update(task, 2, 0.0)
    after = task.tensors() | update.state()
    assert not math.isfinite(terms.total.item())
    assert update.skipped == 1
    assert [key for key in before if key != "pool" and not torch.equal(before[key], after[key])] == []


@pytest.mark.parametrize("gradients", [(1e30,), (1e30, 1.0)])
def test_a_gradient_whose_square_overflows_is_skipped(gradients):
    """1e30 is a finite float32, its second moment is not; torch's Adam would freeze that weight for good."""
    task = Linear(*gradients)
    outcome = train(task, budget=Steps(3))
    assert outcome.skipped == 3
    assert task.weight.tolist() == [0.0] * len(gradients)


def test_a_finite_loss_with_a_broken_gradient_is_skipped():
    task = Linear(1.0)
    task.loss = lambda step, progress: LossTerms(task.weight.sum().abs().sqrt(), {})  # 0 with gradient 0/0
    assert train(task, budget=Steps(2)).skipped == 2
    assert task.weight.tolist() == [0.0]


def test_stops_with_the_step_the_term_and_the_cure(regression):
    task = regression(on_step=lambda step: None)
    train(task, budget=Steps(5))
    kept = task.modules["net"][0].weight.detach().clone()

    def loss(step, progress):
        terms = regression.loss(task, step, progress)
        return LossTerms(terms.total * math.nan, {**terms.parts, "eikonal": torch.tensor(math.nan)})

    task.loss = loss
    with pytest.raises(TrainingError) as caught:
        train(task, budget=Steps(100), optimizer=Adam(lr=0.02))
    message = str(caught.value)
    assert "steps 1 to 10: the loss has 'eikonal' = nan. The weights are those of step 0." in message
    assert "lower learning rate (now 0.02) or gradient clipping (now None)" in message
    assert torch.equal(task.modules["net"][0].weight, kept)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda w: (w.sum() + math.inf, {"a": w.sum()}), "the loss is inf although each of its parts is finite"),
        (lambda w: (w.sum().abs().sqrt(), {}), "gradient is not or overflows in line/weight"),
    ],
)
def test_the_culprit_is_named(loss, words):
    task = Linear(1.0)
    task.loss = lambda step, progress: LossTerms(*loss(task.weight))
    with pytest.raises(TrainingError, match=words):
        train(task, budget=Steps(20))


def test_nine_bad_steps_between_good_ones_do_not_stop(regression):
    task = regression(on_step=lambda step: 1.0 if step % 10 == 0 else math.nan)
    assert train(task, budget=Steps(41)).skipped == 36


def test_clip_scales_the_norm_over_all_parameters():
    task = Linear(3.0, 4.0)
    update = Updater(task.modules, Adam(), clip=1.0)
    update(task, 0, 0.0)
    torch.testing.assert_close(task.weight.grad, torch.tensor([0.6, 0.8]))
    small = Linear(0.3, 0.4)
    Updater(small.modules, Adam(), clip=1.0)(small, 0, 0.0)
    assert torch.equal(small.weight.grad, torch.tensor([0.3, 0.4]))


def test_parameters_a_loss_does_not_reach_are_left_alone():
    """Taking turns, as an adversarial task does; weight decay must not touch the one that waits."""
    task = Linear(1.0)
    waiting = nn.Linear(1, 1)
    before = [p.detach().clone() for p in waiting.parameters()]
    task.modules = {**task.modules, "waiting": waiting}
    train(task, budget=Steps(3), optimizer=Adam(weight_decay=0.5))
    assert all(torch.equal(now, then) for now, then in zip(waiting.parameters(), before))
    assert task.weight.item() != 0


def test_loaded_state_is_a_copy():
    update, moment = Updater(Linear(1.0).modules, Adam()), torch.ones(1)
    update.load_state({"line/weight/exp_avg": moment})
    moment.zero_()
    assert update.state()["line/weight/exp_avg"].item() == 1.0


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"optimizer": {"net": Adam()}}, r"optimizer must name the modules \['net', 'scale'\], got \['net'\]"),
        ({"clip": 0.0}, "clip must be a positive gradient norm or None, got 0.0"),
    ],
)
def test_bad_options(kwargs, message, regression):
    with pytest.raises(ValueError, match=message):
        train(regression(), budget=Steps(1), **kwargs)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"lr": 0.0}, "Adam: lr must be positive, got 0.0"),
        ({"lr": math.nan}, "Adam: lr"),
        ({"betas": (0.9, 1.0)}, "Adam: betas must be two numbers"),
        ({"eps": 0.0}, "Adam: eps"),
        ({"weight_decay": -1.0}, "Adam: weight_decay must be at least 0, got -1.0"),
    ],
)
def test_bad_adam(kwargs, message):
    with pytest.raises(ValueError, match=message):
        Adam(**kwargs)


@pytest.mark.parametrize(
    ("total", "message"),
    [
        (lambda w: w.detach().sum(), r"loss at step 1 must be one number .* requires_grad=False"),
        (lambda w: w * torch.ones(2), r"must be one number .* got shape \(2,\)"),
        (lambda w: nn.Parameter(torch.ones(())) * 2, "reaches no parameter"),
    ],
)
def test_a_loss_that_cannot_be_trained(total, message):
    task = Linear(1.0)
    task.loss = lambda step, progress: LossTerms(total(task.weight), {})
    with pytest.raises(ValueError, match=message):
        train(task, budget=Steps(1))
