"""Numbers that all commands which fit scans take, and their ranges. Needs no torch."""

from diffshape._bounds import check_budget, check_resolution, check_whole
from diffshape.cli.device import check_threads
from diffshape.cli.errors import usage_errors


def check_numbers(
    *,
    steps: int | None,
    seconds: float | None,
    seed: int,
    resolution: int | None,
    max_points: int | None,
    threads: int | None,
) -> None:
    """Check the options of these names; None: the option was left out.

    Raises:
        UsageError: One is out of range, or both steps and seconds are given.
    """
    with usage_errors():
        check_budget("", steps=steps, seconds=seconds, seed=seed)
        check_threads(threads)
        if resolution is not None:
            check_resolution("--resolution", resolution, 16)
        if max_points is not None:
            check_whole("--max-points", max_points, 4)
