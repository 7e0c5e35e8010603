"""The loop of a kernel does every task once, alone and in a team of any size."""

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest

from diffshape.kernels.compiled import compiled
from diffshape.kernels.openmp import loop_of, team_entry
from diffshape.kernels.threads import run_tasks


@compiled
def count(task, pair, given, scale) -> None:
    """Count how often a task is done, weighed by an argument."""
    pair[0][task] += scale
    if given is not None:
        pair[1][task] += given[task]


def counted(tasks):
    return np.zeros(tasks), np.zeros(tasks)


def test_without_a_team_the_tasks_of_a_range_are_done():
    pair = counted(6)
    loop_of(count)(0, 1, 2, 5, pair, None, 1.0)
    assert pair[0].tolist() == [0, 0, 1, 1, 1, 0]


@pytest.mark.skipif(not team_entry(), reason="PyTorch has no OpenMP that can be entered")
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("tasks", [0, 1, 1000])
def test_a_team_does_every_task_once(threads, tasks):
    pair, given = counted(tasks), np.arange(tasks, dtype=np.float64)
    loop_of(count)(team_entry(), threads, 0, tasks, pair, given, 2.0)
    assert (pair[0] == 2).all()
    assert np.array_equal(pair[1], given)


@compiled
def divide(task, by, results) -> None:
    results[task] = 1 // by[task]


@pytest.mark.parametrize(("threads", "error"), [(1, ZeroDivisionError), (2, (RuntimeError, ZeroDivisionError))])
def test_an_error_of_a_kernel_is_raised(threads, error):
    by, results = np.arange(9), np.zeros(9, np.int64)
    with pytest.raises(error):
        run_tasks(divide, 9, by, results, threads=threads)
    run_tasks(divide, 9, by + 1, results, threads=threads)
    assert results.tolist() == [1] + 8 * [0]


def _in_child(queue):
    pair = counted(50)
    run_tasks(count, 50, pair, None, 1.0, threads=2)
    queue.put((team_entry(), pair[0].tolist()))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_no_team_and_does_its_tasks():
    run_tasks(count, 50, counted(50), None, 1.0, threads=2)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == (0, [1.0] * 50)
    child.join(timeout=60)
    assert child.exitcode == 0


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing is forked here")
@pytest.mark.parametrize(("method", "enters"), [("fork", False), ("spawn", True)])
def test_a_forked_process_that_loads_it_first_has_no_team(method, enters, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing, sys\n"
        "def child(queue):\n"
        "    from diffshape.kernels.openmp import _entry, team_entry\n"
        "    queue.put((bool(_entry()), bool(team_entry())))\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    queue = context.Queue()\n"
        "    context.Process(target=child, args=(queue,)).start()\n"
        "    print(*queue.get(timeout=100))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, env=environment, check=True)
    there, entered = (word == "True" for word in done.stdout.split())
    assert entered == (there and enters)
