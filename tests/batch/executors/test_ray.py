import pytest

from batch_work import do_as_told, job_of
from diffshape.batch.executors.ray import Ray
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import Watch, run_jobs

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")


class Killer(Watch):
    """Removes a node of the cluster after some jobs have ended."""

    def __init__(self, cluster, node, after):
        self.cluster, self.node, self.left = cluster, node, after

    def ended(self, job, record, *, final):
        self.left -= 1
        if self.left == 0:
            self.cluster.remove_node(self.node, allow_graceful=False)


@pytest.mark.slow
def test_workers_and_a_node_that_are_killed_lose_no_job_and_a_poisoned_one_is_given_up(tmp_path, importable_work):
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        node = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        deaths = {3: "die once", 5: "die", 7: "die once"}
        jobs = [job_of(tmp_path, f"j{number:02}", deaths.get(number, "work")) for number in range(12)]
        records = Records(tmp_path)
        executor = Ray(do_as_told, address=cluster.address)
        assert run_jobs(jobs, executor, records, retries=3, watch=Killer(cluster, node, 5))
        known = {record.name: record for record in records.all()}
        poisoned = known.pop("j05")
        assert (poisoned.status, poisoned.attempts) == ("failed", 4)
        assert poisoned.error
        assert all(record.status == "done" for record in known.values())
        assert len(known) == 11
        assert known["j03"].attempts > 1
        assert known["j07"].attempts > 1
        assert sorted(set((tmp_path / "done.txt").read_text().split())) == sorted(known)
    finally:
        ray.shutdown()
        cluster.shutdown()
