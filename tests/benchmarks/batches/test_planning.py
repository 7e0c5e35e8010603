"""The simulation of large batches against sums by hand, and its measurements on batches whose numbers are known."""

import pytest

from benchmarks.batches import planning
from benchmarks.batches.planning import Measured, driver_seconds, measured, simulated
from diffshape.batch.jobs.records import Record


def known(seconds=4.0, loading=2.0):
    return Measured([seconds], loading, folder=1.0)


def test_processes_share_the_jobs_and_load_once_each():
    assert simulated(6, 2, known(), driver=0.0) == (2 + 3 * 4.0, 2 * 2 + 6 * 4.0)


def test_a_process_is_loaded_anew_when_it_is_old(monkeypatch):
    monkeypatch.setattr(planning, "OLD", 2)
    assert simulated(5, 1, known(), driver=0.0) == (3 * 2 + 5 * 4.0,) * 2


def test_a_driver_that_is_slower_than_its_processes_sets_the_pace():
    end, busy = simulated(10, 100, known(loading=0.0), driver=1.0)
    assert (end, busy) == (10 * 1.0 + 4.0, 10 * 4.0)


def test_the_first_job_of_each_process_tells_what_loading_takes(tmp_path):
    records = [
        Record(name=str(number), verb="fit", input="a", seconds=seconds) for number, seconds in enumerate((9, 9, 4, 6))
    ]
    for record in records:
        (tmp_path / record.name).mkdir()
    found = measured(tmp_path, records, processes=2)
    assert (found.seconds, found.loading) == ([4, 6], 4.0)


@pytest.mark.slow
def test_the_time_of_the_driver_is_that_of_jobs_which_come_to_their_end():
    assert driver_seconds(jobs=3) > 0
