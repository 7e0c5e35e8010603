"""Jobs on a Ray cluster."""

from collections.abc import Sequence
from typing import Any

from diffshape.batch.executors.executor import Executor, ending_without_result
from diffshape.batch.jobs.job import Endings, Group, Work, all_ended


class Ray(Executor):
    """Groups of jobs as tasks of a Ray cluster, each with its share of processors and of a GPU."""

    def __init__(
        self,
        work: Work,
        *,
        address: str | None = None,
        threads: int = 1,
        gpus: float = 0.0,
        memory: float | None = None,
    ) -> None:
        """
        Args:
            work: What is done with a group.
            address: Address of a cluster; None: that of RAY_ADDRESS, or one that is started on this machine for the
                batch. A cluster must have the files of the batch under the same paths.
            threads: Processors of a group.
            gpus: Share of a GPU that a group takes: .25 puts four on one.
            memory: Memory in GB that is set aside for a group; None: none.

        Raises:
            ImportError: Ray is not installed.
            ConnectionError: There is no cluster at the address.
        """
        try:
            import ray  # type: ignore[import-not-found]
        except ImportError as error:
            raise ImportError('--executor ray needs Ray; install it by: pip install "diffshape[ray]"') from error
        self._ray, self._address = ray, address
        needs: dict[str, Any] = {"num_cpus": threads, "num_gpus": gpus, "max_retries": 0}
        if memory is not None:
            needs["memory"] = int(memory * 1e9)
        self._share = {"CPU": float(threads), "GPU": gpus, "memory": needs.get("memory", 0)}
        self._task = ray.remote(**needs)(work)
        self._running: dict[Any, Group] = {}
        self._stopping = False

    @property
    def slots(self) -> int:
        """Number of groups that the nodes which are alive have room for."""
        there = self._ray.cluster_resources() if self._ray.is_initialized() else {}
        return max(1, min(int(there.get(kind, 0) / need) for kind, need in self._share.items() if need))

    def __enter__(self) -> "Ray":
        if not self._ray.is_initialized():
            self._ray.init(address=self._address, log_to_driver=False, include_dashboard=False)
        return self

    def start(self, group: Group) -> None:
        """Submit the group as a task."""
        self._running[self._task.remote(group)] = group

    def wait(self, seconds: float) -> Sequence[tuple[Group, Endings]]:
        """Endings of tasks, among them those whose process or node is gone."""
        ready, _ = self._ray.wait(list(self._running), timeout=seconds) if self._running else ([], [])
        return [(group := self._running.pop(task), self._endings(group, task)) for task in ready]

    def stop(self) -> None:
        """Interrupt the tasks, once."""
        if not self._stopping:
            self._stopping = True
            for task in self._running:
                self._ray.cancel(task)

    def __exit__(self, *error: object) -> None:
        """Leave the cluster, which ends what still runs."""
        self._ray.shutdown()

    def _endings(self, group: Group, task: Any) -> Endings:
        try:
            return self._ray.get(task)
        except Exception as error:
            return all_ended(group, ending_without_result(error, stopping=self._stopping))
