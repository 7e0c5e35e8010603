import pytest
import torch

from batch_work import do_as_told, job_of
from diffshape._tensor_files import read_tensors
from diffshape.batch.executors.ray import Ray
from diffshape.batch.executors.serial import Serial
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import Watch, run_jobs
from diffshape.cli.batch.together import kinds_of
from diffshape.cli.batch.work import do_jobs
from small_encodings import encode_and_die_once, encodings

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")


@pytest.mark.parametrize(
    ("there", "slots"),
    [({"CPU": 16.0, "GPU": 1.0}, 4), ({"CPU": 3.0, "GPU": 1.0}, 3), ({"CPU": 16.0}, 1), ({}, 1)],
)
def test_four_quarters_of_a_gpu_are_four_jobs_at_once_if_there_are_processors(monkeypatch, there, slots):
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "cluster_resources", lambda: there)
    assert Ray(do_as_told, gpus=0.25).slots == slots


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


class Remover(Watch):
    """Removes a node of the cluster while it has a group of several jobs."""

    def __init__(self, cluster, node, batch):
        self.cluster, self.node, self.mark = cluster, node, batch / f"{node.node_id}.node"
        self.groups, self.removed = [], False

    def began(self, group):
        self.groups.append(len(group))

    def tick(self):
        if not self.removed and self.mark.exists():
            self.cluster.remove_node(self.node, allow_graceful=False)
            self.removed = True


@pytest.mark.slow
def test_groups_of_encodings_whose_worker_and_node_are_killed_have_the_bits_of_serial_ones(tmp_path, importable_work):
    torch.set_num_threads(1)
    serial = encodings(tmp_path, tmp_path / "serial", 9)
    assert run_jobs(serial, Serial(do_jobs), Records(tmp_path / "serial"), retries=0)
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        node, _ = (cluster.add_node(num_cpus=1) for _ in range(2))
        cluster.wait_for_nodes()
        batch = tmp_path / "ray"
        jobs, records, watch = encodings(tmp_path, batch, 9), Records(batch), Remover(cluster, node, batch)
        batch.mkdir()
        executor = Ray(encode_and_die_once, address=cluster.address)
        assert run_jobs(jobs, executor, records, retries=3, alike=kinds_of(jobs), largest=3, watch=watch)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert min(watch.groups[:3]) > 1  # so one was on the node that was removed
    assert watch.removed
    assert (batch / "died").exists()
    known = {record.name: record for record in records.all()}
    assert [(name, record.status) for name, record in known.items()] == [(job.name, "done") for job in jobs]
    assert sum(record.attempts > 1 for record in known.values()) > 1
    for job, alone in zip(jobs, serial):
        assert (job.folder / "mesh.ply").read_bytes() == (alone.folder / "mesh.ply").read_bytes()
        here, there = (read_tensors(each.folder / "field.safetensors").tensors for each in (job, alone))
        assert here.keys() == there.keys()
        assert all(torch.equal(here[name], there[name]) for name in here)
