"""No job of a batch has two drivers; one that was killed has none of them any more."""

import signal
import threading

import pytest

from batch_work import job_of
from diffshape.batch.jobs import claims
from diffshape.batch.jobs.claims import alone, claimed
from diffshape.training import FolderInUseError
from other_process import holding

DRIVER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from batch_work import job_of\n"
    "from diffshape.batch.jobs.claims import claimed\n"
    "batch = Path(sys.argv[1])\n"
    "with claimed(batch, [job_of(batch, name) for name in sys.argv[2:]]):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture
def driver(tmp_path):
    """Another process, which has the jobs a, b and c."""
    pytest.importorskip("fcntl")
    with holding(DRIVER, tmp_path, "a", "b", "c") as process:
        yield process


def jobs_of(batch, names):
    return [job_of(batch, name) for name in names]


def drivers(batch):
    return list((batch / "batch").glob("driver-*"))


@pytest.mark.parametrize(("names", "has"), [("xcb", "2 of these jobs, c first"), ("a", "a of these jobs")])
def test_jobs_of_a_driver_at_work_are_refused_by_its_name(driver, tmp_path, names, has):
    said = rf"{tmp_path} is in use: process {driver.pid} on .* has {has}; wait until it has ended, or choose other jobs"
    with pytest.raises(FolderInUseError, match=said), claimed(tmp_path, jobs_of(tmp_path, names)):
        pytest.fail("it was given them")
    assert len(drivers(tmp_path)) == 1


def test_other_jobs_may_be_had_beside_it_and_nothing_of_that_is_left(driver, tmp_path):
    with claimed(tmp_path, jobs_of(tmp_path, "xyz")):
        assert len(drivers(tmp_path)) == 2
    assert len(drivers(tmp_path)) == 1
    driver.communicate()
    assert not drivers(tmp_path)
    assert driver.returncode == 0


def test_a_driver_that_was_killed_has_nothing_and_its_leftovers_are_removed(driver, tmp_path):
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert len(drivers(tmp_path)) == 1
    (tmp_path / "batch" / "driver-begun").mkdir()  # it was killed before it had written the names
    with claimed(tmp_path, jobs_of(tmp_path, "abc")):
        assert len(drivers(tmp_path)) == 1
    assert not drivers(tmp_path)


def test_one_at_a_time_is_alone_and_the_others_wait(tmp_path):
    entered = []

    def enter():
        with alone(tmp_path):
            entered.append("other")

    thread = threading.Thread(target=enter)
    with alone(tmp_path):
        thread.start()
        entered.append("first")
    thread.join()
    assert entered == ["first", "other"]


def test_who_waits_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "_PATIENCE", -1.0)
    told = []

    def enter():
        with pytest.raises(FolderInUseError), alone(tmp_path):
            told.append("entered")
        told.append("refused")

    thread = threading.Thread(target=enter)
    with alone(tmp_path):
        thread.start()
        thread.join()
    assert told == ["refused"]
