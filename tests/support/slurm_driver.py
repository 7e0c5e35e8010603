"""A driver that hands jobs to SLURM, to be killed: python slurm_driver.py BATCH NAME=WHAT..."""

import sys
from pathlib import Path

from batch_work import do_as_told, job_of
from diffshape.batch.executors.slurm import Slurm
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import run_jobs

if __name__ == "__main__":
    batch, *jobs = sys.argv[1:]
    records = Records(Path(batch))
    run_jobs(
        [job_of(Path(batch), *job.split("=")) for job in jobs],
        Slurm(do_as_told, records, slots=len(jobs)),
        records,
        retries=1,
    )
