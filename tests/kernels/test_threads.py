"""Tasks are each done once, errors heard, and no helper waited for that never began."""

import multiprocessing
import threading

import pytest
import torch

from diffshape.kernels.threads import run_tasks


@pytest.fixture(params=[1, 2, 4])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("tasks", [0, 1, 2, 50])
def test_every_task_is_done_once(threads, tasks):
    done = []
    run_tasks(lambda task, scale: done.append(scale * task), tasks, 10)
    assert sorted(done) == [10 * task for task in range(tasks)]


def test_one_thread_stays_in_the_calling_one():
    seen = set()
    run_tasks(lambda task: seen.add(threading.get_ident()), 20, threads=1)
    assert seen == {threading.get_ident()}


def test_helpers_take_tasks_too():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    meeting = threading.Barrier(2, timeout=20)
    try:
        run_tasks(lambda task: meeting.wait(), 2)  # neither task ends unless both run at once
    finally:
        torch.set_num_threads(before)


def test_an_error_in_a_task_reaches_the_caller(threads):
    def fail(task):
        raise FloatingPointError(f"task {task}")

    with pytest.raises(FloatingPointError, match="task"):
        run_tasks(fail, 8)


def _in_child(queue):
    torch.set_num_threads(2)
    done = []
    run_tasks(done.append, 6)
    queue.put(sorted(done))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_works_in_a_forked_child():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    run_tasks(lambda task: None, 4)  # the parent's helpers are at work before the fork
    torch.set_num_threads(before)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == list(range(6))
    child.join(timeout=60)
    assert child.exitcode == 0


def test_helpers_record_gradients_as_the_caller_does():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for mode in (torch.no_grad, torch.enable_grad, torch.inference_mode):
            meeting, seen = threading.Barrier(2, timeout=20), []

            def look(task, meeting=meeting, seen=seen):
                meeting.wait()
                seen.append((torch.is_grad_enabled(), torch.is_inference_mode_enabled()))

            with mode():
                run_tasks(look, 2)
                expected = (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
            assert seen == [expected, expected]
    finally:
        torch.set_num_threads(before)
