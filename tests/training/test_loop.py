"""The loop itself: budgets, reports, learning, taking turns."""

import math

import pytest
import torch
from torch import nn

from diffshape.losses import LossTerms
from diffshape.training import Adam, CheckpointFolder, Exponential, Seconds, Steps, Task, WarmupCosine, train
from diffshape.training.loop import UntimedObserver


def test_learns_what_it_was_not_shown(regression):
    task = regression()
    train(task, budget=Steps(400), optimizer=Adam(lr=0.02), schedule=WarmupCosine())
    net = task.modules["net"].eval()
    x = torch.linspace(-0.95, 0.95, 50)[:, None]
    error = (net(x) * task.modules["scale"]["scale"] - torch.sin(3 * x)).abs().mean()
    assert error < 0.15  # an untrained network: 0.6


def test_the_same_seed_gives_the_same_bits(regression):
    first, second, other = regression(), regression(), regression(seed=1)
    torch.manual_seed(3)
    train(first, budget=Steps(20))
    torch.manual_seed(3)
    train(second, budget=Steps(20))
    train(other, budget=Steps(20))
    assert all(torch.equal(a, b) for a, b in zip(first.tensors().values(), second.tensors().values()))
    assert not torch.equal(first.tensors()["net.0.weight"], other.tensors()["net.0.weight"])


def test_reports(regression):
    reports = []
    task = regression(on_step=lambda step: math.nan if step == 2 else None)
    outcome = train(
        task, budget=Steps(4), optimizer=Adam(lr=0.1), schedule=Exponential(final=0.0001), observers=[reports.append]
    )
    assert [report.step for report in reports] == [1, 2, 3, 4]
    assert [report.progress for report in reports] == [0.25, 0.5, 0.75, 1.0]
    assert [report.lr for report in reports] == pytest.approx([0.1, 0.01, 0.001, 0.0001])
    assert [report.skipped for report in reports] == [0, 0, 1, 1]
    assert [report.seconds for report in reports] == sorted(report.seconds for report in reports)
    assert task.progress == [0.0, 0.25, 0.5, 0.75]
    assert outcome.terms is reports[-1].terms
    assert not outcome.terms.total.requires_grad
    assert (outcome.step, outcome.interrupted, outcome.skipped, outcome.checkpoint) == (4, False, 1, None)


def test_ends_before_its_budget_when_the_task_is_finished(regression, tmp_path):
    class Short(regression):
        @property
        def finished(self):
            return len(self.progress) >= 3

    folder = CheckpointFolder(tmp_path, every=Steps(1000))
    outcome = train(Short(), budget=Steps(10), checkpoints=folder)
    assert (outcome.step, outcome.interrupted) == (3, False)
    assert list(folder.paths()) == [3]


def test_a_task_that_is_finished_from_the_start_is_left_as_it_is(regression, tmp_path):
    class Found(regression):
        finished = True

    task = Found()
    before = {name: value.clone() for name, value in task.modules["net"].state_dict().items()}
    outcome = train(task, budget=Steps(10), checkpoints=CheckpointFolder(tmp_path, every=Steps(1)))
    assert (outcome.step, outcome.interrupted, outcome.checkpoint, task.progress) == (0, False, None, [])
    assert all(torch.equal(value, before[name]) for name, value in task.modules["net"].state_dict().items())


def test_seconds_are_laid_out_by_the_clock(regression, monkeypatch):
    """A step takes 1 s and what watches it another 0.5 s: both belong to the budget."""
    now = [100.0]
    monkeypatch.setattr("diffshape.training.loop.monotonic", lambda: now[0])

    def pass_time(seconds):
        now[0] += seconds

    task = regression(on_step=lambda step: pass_time(1.0))
    reports = []
    outcome = train(task, budget=Seconds(6), observers=[reports.append, lambda report: pass_time(0.5)])
    assert task.progress == [0.0, 0.25, 0.5, 0.75]
    assert [report.seconds for report in reports] == [1.0, 2.5, 4.0, 5.5]
    assert (outcome.step, outcome.seconds) == (4, 6.0)


def test_the_time_of_an_untimed_observer_belongs_to_no_budget(regression, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("diffshape.training.loop.monotonic", lambda: now[0])

    def pass_time(seconds):
        now[0] += seconds

    class Aside(UntimedObserver):
        def __call__(self, report):
            pass_time(50.0)

    reports = []
    task = regression(on_step=lambda step: pass_time(1.0))
    outcome = train(task, budget=Seconds(4), observers=[Aside(), reports.append, lambda report: pass_time(0.5)])
    assert [report.seconds for report in reports] == [1.0, 2.5, 4.0]
    assert (outcome.step, outcome.seconds) == (3, 4.5)


class Adversary(Task):
    """Learn the mean of some numbers against a linear critic: even steps the critic's, odd steps the generator's."""

    def __init__(self):
        self.modules = {
            "generator": nn.ParameterDict({"mean": torch.zeros(1)}),
            "critic": nn.ParameterDict({"slope": torch.zeros(1)}),
        }
        self.history = []

    def loss(self, step, progress):
        mean, slope = self.modules["generator"]["mean"], self.modules["critic"]["slope"]
        self.history.append((mean.item(), slope.item()))
        turn = step % 2
        mean.requires_grad_(turn == 1)
        slope.requires_grad_(turn == 0)
        gap = (slope * (2.0 - mean)).sum()
        if turn == 1:
            return LossTerms(gap, {"generator": gap})
        total = -gap + slope.square().sum()
        return LossTerms(total, {"critic": total})


def test_adversaries_take_turns():
    task = Adversary()
    settings = {"generator": Adam(lr=0.05, betas=(0.5, 0.9)), "critic": Adam(lr=0.1, betas=(0.5, 0.9))}
    train(task, budget=Steps(600), optimizer=settings, schedule=Exponential(final=0.01))
    moved = [(a[0] != b[0], a[1] != b[1]) for a, b in zip(task.history, task.history[1:])]
    assert all(not generator for generator, _ in moved[::2]), "the generator moved in a critic's step"
    assert all(not critic for _, critic in moved[1::2]), "the critic moved in a generator's step"
    assert task.modules["generator"]["mean"].item() == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"budget": 300}, "budget must be a Steps or a Seconds, got 300"),
        ({"optimizer": "adam"}, "optimizer must be an Adam or a dictionary, got 'adam'"),
        ({"checkpoints": "run"}, "checkpoints must be a CheckpointFolder or None, got 'run'"),
        ({"observers": print}, "observers must be a list of functions, got"),
    ],
)
def test_what_is_none_of_the_kind_is_named(regression, wrong, sentence):
    with pytest.raises(TypeError, match=f"train: {sentence}"):
        train(regression(), **{"budget": Steps(1), **wrong})


def test_a_module_is_no_task():
    with pytest.raises(TypeError, match="train: task must be a Task, got a Linear"):
        train(torch.nn.Linear(1, 1), budget=Steps(1))
