"""``diffshape view --picture``: a scene as a picture or a film, where there is no browser. Needs no torch to load."""

from collections.abc import Sequence
from pathlib import Path

from diffshape.cli.errors import DONE, UsageError
from diffshape.data.up import Up

ENDINGS = (".png", ".gif", ".mp4")
"""Endings of the files that can be drawn."""


def draw(paths: Sequence[Path], picture: Path, *, truth: Path | None, up: Up | None) -> int:
    """Write the picture of one run, or of files laid over each other, coloured by the distance to a truth if given.

    Raises:
        UsageError: The picture has another ending, or there are several runs, or a run and files.
    """
    if picture.suffix.lower() not in ENDINGS:
        raise UsageError(f"--picture must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, got {str(picture)!r}")
    if len(paths) > 1 and any(path.is_dir() for path in paths):
        raise UsageError("--picture shows one run, or files; give one folder")
    from diffshape.report.scene.picture import write_picture
    from diffshape.report.scene.run import TO_TRUTH
    from diffshape.report.viewer.opening import exhibits_of

    exhibits, notes = exhibits_of(paths, truth, up)
    write_picture(exhibits[0].scene, picture, coloring=None if truth is None else TO_TRUTH)
    for note in notes:
        print(f"  {note}")
    print(f"{picture}: {picture.stat().st_size / 1e6:.1f} MB")
    return DONE
