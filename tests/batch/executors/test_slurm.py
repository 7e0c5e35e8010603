import pytest

from batch_work import do_as_told, job_of
from diffshape.batch.executors.slurm import Slurm
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import run_jobs

pytest.importorskip("submitit")


@pytest.mark.slow
def test_an_array_of_jobs_one_of_which_dies_once(tmp_path, importable_work):
    what = {"good": "work", "weak": "die once", "bad": "fail"}
    jobs = [job_of(tmp_path, name, word) for name, word in what.items()]
    records = Records(tmp_path)
    executor = Slurm(do_as_told, tmp_path / "slurm", slots=2, cluster="local")
    assert run_jobs(jobs, executor, records, retries=1)
    assert {record.name: (record.status, record.attempts) for record in records.all()} == {
        "good": ("done", 1),
        "weak": ("done", 2),
        "bad": ("failed", 2),
    }


def test_a_machine_without_slurm_is_told(tmp_path):
    with pytest.raises(RuntimeError, match="slurm"):
        Slurm(do_as_told, tmp_path, slots=1)
