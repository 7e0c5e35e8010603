"""Progress: an honest estimate, plain lines off a terminal, a bar on one, silence when quiet."""

import io
import subprocess
import sys

import pytest
import torch

from diffshape.losses import LossTerms
from diffshape.training import Progress, Seconds, StepReport, Steps, train
from diffshape.training.progress import TimeLeft, with_progress


def report(step, seconds, budget, skipped=0):
    terms = LossTerms(torch.tensor(0.5), {"fit [abs]": torch.tensor(0.25)})
    return StepReport(step, seconds, budget, 1e-3, terms, skipped)


def estimates(intervals, total):
    left, seconds, result = TimeLeft(), 0.0, []
    for step, interval in enumerate(intervals, start=1):
        seconds += interval
        result.append(left.hear(report(step, seconds, Steps(total))))
    return result


def test_even_steps_and_a_slow_compilation_at_the_start():
    result = estimates([30.0] + [0.5] * 20, total=100)
    assert result[:5] == [None] * 5
    assert result[5:] == pytest.approx([0.5 * (100 - step) for step in range(6, 22)])


def test_what_comes_now_and_then_is_counted():
    """Steps of 0.1 s and a mesh of 10 s every 100 steps cost 0.2 s a step; a median alone says half of that."""
    intervals = [10.1 if step % 100 == 0 else 0.1 for step in range(1, 402)]
    assert estimates(intervals, total=1000)[-1] == pytest.approx(599 * 0.2, rel=0.02)


def test_follows_steps_that_become_slower():
    assert estimates([0.1] * 100 + [0.15] * 60, total=260)[-1] == pytest.approx(100 * 0.15)


def test_one_hiccup_does_not_move_it_much():
    assert estimates([0.1] * 200 + [5.0] + [0.1] * 200, total=501)[-1] == pytest.approx(10.0, rel=0.15)


def test_of_seconds_the_rest_is_left():
    left = TimeLeft()
    assert left.hear(report(1, 2.0, Seconds(10))) == 8.0
    assert left.hear(report(2, 11.0, Seconds(10))) == 0.0


def lines(reports, **kwargs):
    stream = io.StringIO()
    with Progress("fit bunny", stream=stream, **kwargs) as progress:
        for item in reports:
            progress(item)
    return stream.getvalue().splitlines()


def test_a_line_for_each_tenth():
    shown = lines(report(step, 0.2 * step, Steps(50)) for step in range(1, 51))
    assert len(shown) == 11
    assert shown[0] == "fit bunny    2%  step 1/50  loss 0.5 (fit [abs] 0.25)"
    assert shown[5] == "fit bunny   50%  step 25/50  loss 0.5 (fit [abs] 0.25)  0:05 left"
    assert shown[-1].startswith("fit bunny  100%  step 50/50")


def test_a_line_every_ten_seconds_when_steps_are_slow():
    shown = lines(report(step, 4.0 * step, Steps(1000)) for step in range(1, 11))
    assert [line.split()[4] for line in shown] == ["1/1000", "4/1000", "7/1000", "10/1000"]


def test_the_last_step_is_shown_even_if_the_run_was_cut_short():
    shown = lines(report(step, 0.01 * step, Seconds(60), skipped=2) for step in range(1, 4))
    assert len(shown) == 2
    assert "step 3  loss 0.5 (fit [abs] 0.25), 2 skipped" in shown[-1]


def test_quiet_shows_nothing():
    assert lines([report(1, 0.1, Steps(2))], quiet=True) == []


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with Progress("fit [bold]bunny", stream=stream) as progress:
        for step in range(1, 41):
            progress(report(step, 0.05 * step, Steps(100)))
    last = stream.getvalue().splitlines()[-2]
    for piece in ("fit [bold]bunny", "40/100", "0:03 left", "loss 0.5 (fit [abs] 0.25)"):
        assert piece in last
    assert "\x1b[?25h" in stream.getvalue(), "the cursor was not given back"


def test_as_an_observer(regression, capsys):
    with Progress("fit") as progress:
        train(regression(), budget=Steps(3), observers=[progress])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("fit  100%  step 3/3  loss ")


def test_rich_is_imported_late():
    check = "import sys, diffshape.training; sys.exit('rich.progress' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", check], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )


class Notebook(io.StringIO):
    __module__ = "ipykernel.iostream"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_notebook_has_one_line_that_is_written_over():
    stream = Notebook()
    with Progress("fit", stream=stream) as progress:
        for step in (1, 2, 3):
            progress(report(step, step, Steps(3)))
    text = stream.getvalue()
    shown = [line.rstrip() for line in text.split("\r") if line]
    assert shown[0] == "fit ..."
    assert shown[-1].startswith("fit  100%  step 3/3")
    assert text.count("\n") == 1
    assert text.endswith("\n")


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (Notebook(), True), (io.StringIO(), False)])
def test_functions_show_it_where_somebody_watches(monkeypatch, stream, shown):
    monkeypatch.setattr(sys, "stderr", stream)
    for wanted, expected in ((None, shown), (True, True), (False, False)):
        with with_progress("fit", wanted, [print]) as heard:
            assert heard[0] is print
            assert [type(observer) for observer in heard[1:]] == [Progress] * expected


def test_functions_show_nothing_beside_a_progress_that_was_given(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    own = Progress("mine")
    with with_progress("fit", None, [own]) as heard:
        assert heard == [own]
