"""Small encodings of a batch that are trained in one program, and how they are."""

import re
from collections.abc import Hashable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from diffshape.batch.jobs.job import Job
from diffshape.cli.errors import UsageError
from diffshape.cli.fit.arguments import settings_of
from diffshape.cli.main import parse
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.fields.config import HashGridConfig
from diffshape.fitting.methods.supervised import Supervised

_POINTS = 10_000_000
"""Largest number of points that a small encoding learns from, steps times batch: --preset standard has 8 million."""
_POOL = 1_000_000
"""Largest number of points that a small encoding keeps, 16 bytes each."""
_BYTES = 5_000_000
"""Largest file of a small mesh: some 100,000 faces."""
_HEADER = 4096
"""Number of bytes in which the header of a PLY file says whether there are faces."""


def kinds_of(jobs: Sequence[Job]) -> dict[str, Hashable]:
    """What those jobs that may be trained together have in common, settings and device, by the names of the jobs."""
    kinds = {job.name: _kind(_without_truth(job.options)) for job in jobs if job.verb == "fit" and _is_small(job)}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def train_together(jobs: Sequence[Job]) -> bool:
    """Train the fields of jobs of one kind, as far as they are new and their meshes can be read.

    Returns:
        Whether it came to its end; False after Ctrl-C or SIGTERM.
    """
    from diffshape.batch.fit_job import FitJob
    from diffshape.batch.fit_together import fit_together
    from diffshape.cli.fit.command import inputs_of

    fits = []
    for job in jobs:
        _, arguments = parse([job.verb, job.input, *job.options])
        with suppress(OSError, ValueError):  # its own command says what is wrong
            inputs = inputs_of(arguments)
            settings = settings_of(arguments, inputs.kind, inputs.path)
            fits.append(FitJob(inputs=inputs, settings=settings, folder=job.folder, device=arguments.device))
    return fit_together(fits)


def _is_small(job: Job) -> bool:
    """Whether the input looks like a small mesh, without reading it."""
    path = Path(job.input)
    if path.suffix.lower() not in MESH_SUFFIXES or path.stat().st_size > _BYTES:
        return False
    if path.suffix.lower() != ".ply":
        return True
    with open(path, "rb") as file:
        header, _, _ = file.read(_HEADER).partition(b"end_header")
    return re.search(rb"element face +[1-9]", header) is not None


def _without_truth(options: tuple[str, ...]) -> tuple[str, ...]:
    """The options without the file that the result is scored against, which is another for each input."""
    place = options.index("--truth") if "--truth" in options else len(options)
    return options[:place] + options[place + 2 :]


@lru_cache(maxsize=1000)
def _kind(options: tuple[str, ...]) -> Hashable | None:
    """Settings and device of a small encoding that writes nothing along the way; None if it is none."""
    mesh = Path("mesh.ply")
    _, arguments = parse(["fit", str(mesh), *options])
    if arguments.as_scan or arguments.typed & {"mesh_every", "eval_every", "keep_samples", "log"}:
        return None
    try:
        settings = settings_of(arguments, "mesh", mesh)
    except UsageError:  # they are options for scans
        return None
    method, steps = settings.method, settings.steps
    if steps is None or not isinstance(method, Supervised) or not isinstance(settings.field, HashGridConfig):
        return None
    return (settings, arguments.device) if steps * method.batch <= _POINTS and method.pool <= _POOL else None
