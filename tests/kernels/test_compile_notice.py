from types import SimpleNamespace

import pytest
from numba.core import event

from diffshape.kernels import compile_notice
from diffshape.kernels.compile_notice import NOTICE, PATIENCE, CompileNotice


class FakeTimer:
    """A timer that goes off when it is told to."""

    def __init__(self, delay, action):
        self.delay, self.action, self.running = delay, action, False
        timers.append(self)

    def start(self):
        self.running = True

    def cancel(self):
        self.running = False


timers: list[FakeTimer] = []


@pytest.fixture
def said(monkeypatch):
    lines = []
    timers.clear()
    monkeypatch.setattr(compile_notice, "tell", lines.append)
    monkeypatch.setattr(compile_notice.threading, "Timer", FakeTimer)
    return lines


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(compile_notice, "monotonic", lambda: now.seconds)
    return now


def compilation(of="diffshape.kernels.numba_grid"):
    return SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=SimpleNamespace(__module__=of))})


def test_a_long_compilation_is_told_once(said, clock):
    notice = CompileNotice()
    notice.on_start(compilation())
    assert timers[0].running
    timers[0].action()
    notice.on_end(compilation())
    notice.on_start(compilation())
    assert said == [NOTICE]
    assert len(timers) == 1


def test_a_short_one_is_not(said, clock):
    notice = CompileNotice()
    notice.on_start(compilation())
    notice.on_end(compilation())
    assert not timers[0].running
    assert said == []


def test_many_short_ones_add_up(said, clock):
    notice = CompileNotice()
    for _ in range(4):
        notice.on_start(compilation())
        clock.seconds += 0.3
        notice.on_end(compilation())
    assert [round(timer.delay, 9) for timer in timers] == [PATIENCE, 0.7, 0.4, 0.1]


def test_a_kernel_within_a_kernel_is_not_counted_twice(said, clock):
    notice = CompileNotice()
    notice.on_start(compilation())
    notice.on_start(compilation())
    notice.on_end(compilation())
    assert timers[0].running
    notice.on_end(compilation())
    assert [timer.running for timer in timers] == [False]


def test_functions_of_others_are_not_ours(said, clock):
    notice = CompileNotice()
    notice.on_start(compilation("somebody.else"))
    notice.on_end(compilation("somebody.else"))
    assert timers == []


def test_numba_tells_of_our_kernels():
    from diffshape.kernels import compiled  # noqa: F401

    assert sum(isinstance(listener, CompileNotice) for listener in event._registered["numba:compile"]) == 1
