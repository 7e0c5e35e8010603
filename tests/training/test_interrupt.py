"""Signals: asked once, insisted twice, handlers put back."""

import signal
import threading

import pytest
import torch

from diffshape.training import CheckpointFolder, Steps, train
from diffshape.training.interrupt import Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_finishes_the_step_saves_and_returns(number, regression, tmp_path):
    before = signal.getsignal(number)
    task = regression(on_step=lambda step: signal.raise_signal(number) if step == 4 else None)
    outcome = train(task, budget=Steps(100), checkpoints=CheckpointFolder(tmp_path))
    assert (outcome.step, outcome.interrupted) == (5, True)
    assert outcome.checkpoint == tmp_path / "step_000005.safetensors"
    assert outcome.checkpoint.exists()
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_aborts(regression):
    before = signal.getsignal(signal.SIGINT)

    def twice(step):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(regression(on_step=twice), budget=Steps(100))
    assert signal.getsignal(signal.SIGINT) is before


def test_repeated_sigterm_only_asks():
    with Interrupts() as interrupts:
        assert not interrupts.requested
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.requested


def test_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_trains_in_a_thread_and_leaves_signals_alone(regression):
    seen, outcomes = [], []
    task = regression(on_step=lambda step: seen.append(signal.getsignal(signal.SIGINT)))
    thread = threading.Thread(target=lambda: outcomes.append(train(task, budget=Steps(2))))
    before = signal.getsignal(signal.SIGINT)
    torch.manual_seed(0)
    thread.start()
    thread.join()
    assert outcomes[0].step == 2
    assert seen == [before, before]
