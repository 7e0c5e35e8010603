"""What a fit writes while it runs, besides its log: surfaces, scores, samples, and numbers for another program."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from diffshape._bounds import check_whole
from diffshape._config import from_plain, to_plain
from diffshape._files import read_json, write_json
from diffshape.fitting import KeptSamples, Snapshots
from diffshape.fitting.inputs.inputs import Inputs
from diffshape.fitting.run import Observer
from diffshape.training.trackers import TrackerName, tracked

_FILE = "along_the_way.json"


@dataclass(frozen=True, kw_only=True)
class AlongTheWay:
    """What a fit writes while it runs; none of it changes the fit."""

    mesh_every: int | None = None
    """Number of steps from one mesh in meshes/ to the next; None: there are none."""
    eval_every: int | None = None
    """Number of steps from one row of eval_metrics.csv to the next; None: there are none."""
    keep_samples: bool = False
    """Whether the points that the fit draws are written, as train_points.npy and local_sigma.npy."""
    log: TrackerName | None = None
    """Program that is given the numbers of log.csv too; on resume, None is the one that it was given before."""

    def __post_init__(self) -> None:
        for name in ("mesh_every", "eval_every"):
            if getattr(self, name) is not None:
                check_whole(f"AlongTheWay: {name}", getattr(self, name), 1)

    def remember(self, folder: Path) -> None:
        """Write into the run folder what a resumed fit is to go on with."""
        if self != AlongTheWay():
            write_json(folder / _FILE, to_plain(self))

    def resumed(self, folder: Path) -> "AlongTheWay":
        """What a resumed fit writes: this, where it says anything, and else what the fit wrote before.

        Raises:
            ValueError: The file in the folder is damaged.
        """
        path = folder / _FILE
        if not path.is_file():
            return self
        try:
            before = from_plain(AlongTheWay, read_json(path))
        except ValueError as error:
            raise ValueError(f"{path} is damaged ({error}); remove it to go on without it") from error
        return AlongTheWay(
            mesh_every=self.mesh_every or before.mesh_every,
            eval_every=self.eval_every or before.eval_every,
            keep_samples=self.keep_samples or before.keep_samples,
            log=self.log or before.log,
        )

    @contextmanager
    def observers(self, inputs: Inputs, folder: Path, *, resolution: int | None) -> Iterator[list[Observer]]:
        """The observers that write all this, while entered.

        Args:
            inputs: Those of the fit; without a true surface there are no scores.
            folder: The run folder.
            resolution: Grid nodes along the side of the box of a mesh; None: as many as the fit has.

        Raises:
            ImportError: The package of ``log`` is not installed.
        """
        scored = self.eval_every if inputs.truth is not None else None
        with tracked(self.log, folder) as trackers:
            observers: list[Observer] = [*trackers]
            if self.mesh_every is not None or scored is not None:
                listener = trackers[0].write if trackers else None
                observers.append(
                    Snapshots(
                        mesh_every=self.mesh_every,
                        eval_every=scored,
                        truth=inputs.truth,
                        resolution=resolution,
                        listener=listener,
                    )
                )
            if self.keep_samples:
                observers.append(KeptSamples())
            yield observers
