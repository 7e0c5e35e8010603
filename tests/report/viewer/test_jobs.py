"""Jobs of a panel."""

import threading

from diffshape.report.viewer.jobs import Jobs


def test_only_the_newest_of_a_name_is_done_and_in_order():
    jobs, done = Jobs(), []
    for name in ("draw", "refine", "draw"):
        jobs.ask(name, lambda name=name: done.append(name))
    assert jobs.waits
    jobs.work()
    assert (done, jobs.waits) == (["draw", "refine"], False)


def test_a_thread_of_its_own_does_them_one_at_a_time_until_it_ends():
    jobs, threads = Jobs(), set()
    jobs.start()
    for number in range(20):
        jobs.ask(str(number), lambda: threads.add(threading.current_thread().name))
    jobs.settle()
    assert threads == {"diffshape viewer"}
    jobs.end()
    jobs.ask("late", lambda: threads.add("late"))
    jobs.settle()
    assert threads == {"diffshape viewer"}


def test_a_job_that_fails_leaves_the_others(capsys):
    jobs, done = Jobs(), []
    jobs.ask("bad", lambda: done[0])
    jobs.ask("good", lambda: done.append(1))
    jobs.work()
    assert done == [1]
    assert "IndexError" in capsys.readouterr().err
