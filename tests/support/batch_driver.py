"""A driver of a batch, to be killed: python batch_driver.py local|slurm BATCH NAME=WHAT...; SLURM has groups of two."""

import sys
from pathlib import Path

from batch_work import do_as_told, job_of
from diffshape.batch.executors.local import Local
from diffshape.batch.executors.slurm import Slurm
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import run_jobs

if __name__ == "__main__":
    where, batch, *words = sys.argv[1:]
    records, jobs = Records(Path(batch)), [job_of(Path(batch), *word.split("=")) for word in words]
    alike = dict.fromkeys((job.name for job in jobs), "small")
    if where == "slurm":
        run_jobs(jobs, Slurm(do_as_told, records, slots=2), records, retries=1, alike=alike, largest=2)
    else:
        run_jobs(jobs, Local(do_as_told, slots=2), records, retries=1)
