"""Ranges of numbers, checked before the work begins: by settings, functions and the command line alike. Needs no torch.

What costs memory is held against the memory that is free, and the error names the largest number that fits.
"""

import math
import os
from dataclasses import fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from diffshape._typed import shown

LARGEST_SEED = 2**64 - 1
"""Largest seed that every generator takes."""
LARGEST_RUN_SEED = 2**32 - 1
"""Largest seed of a fit or a training, from which those of its parts are made."""
MOST_STEPS = 10**9
"""Largest number of optimiser steps: years."""
SPARSE_BYTES = 4000
"""Memory of an isosurface in bytes for resolution^2; measured: 1,200 for a ball, 3,600 for a box with double walls."""
SCORE_BYTES = 250
"""Memory of a comparison of two surfaces in bytes for a sample; 208 measured."""
DENSE_BYTES = 20
"""Memory of an isosurface on a full grid in bytes for resolution^3; 18.2 measured."""


def check_whole(name: str, value: Any, low: int = 0, high: int | None = None) -> None:
    """A whole number from ``low`` to ``high``, both included.

    Args:
        name: What errors call it, such as "fit_points: steps" or "--steps".
        value: What was given.
        low: Least value.
        high: Largest value; None: any.

    Raises:
        ValueError: It is not.

    >>> check_whole("--steps", 0, 1)
    Traceback (most recent call last):
    ValueError: --steps must be at least 1, got 0
    """
    if isinstance(value, bool) or not isinstance(value, (int, Integral)):
        raise ValueError(f"{name} must be a whole number, got {shown(value)}")
    value = int(value)
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    if high is not None and value > high:
        raise ValueError(f"{name} must be at most {high:,}, got {value}")


def check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> None:
    """A finite number from ``low`` to ``high``; ``above``: greater than ``low``.

    Raises:
        ValueError: It is not; NaN never is.

    >>> check_number("--seconds", float("nan"), 0, above=True)
    Traceback (most recent call last):
    ValueError: --seconds must be a positive number, got nan
    """
    wanted = "a finite number"
    if above:
        wanted = "a positive number" if low == 0 else f"a number above {low:g}"
    elif low > -math.inf:
        wanted = f"a number of {low:g} or more" if high == math.inf else f"a number from {low:g} to {high:g}"
    fits = isinstance(value, Real) and _within(value, low, high, above)
    if not fits or isinstance(value, bool):
        raise ValueError(f"{name} must be {wanted}, got {shown(value)}")


def _within(value: Real, low: float, high: float, above: bool) -> bool:
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond all floats
        return False
    return math.isfinite(number) and low <= number <= high and not (above and number == low)


def check_seed(name: str, value: Any) -> None:
    """A seed that every generator takes.

    Raises:
        ValueError: It is not a whole number from 0 to 2^64 - 1.
    """
    check_whole(name, value, 0, LARGEST_SEED)


def check_budget(name: str, *, steps: int | None, seconds: float | None, seed: int = 0) -> None:
    """Check a budget and a seed: steps or seconds, or neither, never both.

    Args:
        name: The function, such as "fit_points", or "" for a command line, where options are called --steps.
        steps: Optimiser steps.
        seconds: Wall-clock budget.
        seed: Seed of weights and samples.

    Raises:
        ValueError: Both budgets are given, or one of the three is out of range.
    """
    if steps is not None and seconds is not None:
        if not name:
            raise ValueError("--steps and --seconds exclude each other; give one of them")
        raise ValueError(f"{name}: give steps or seconds, not both, got {steps} and {seconds}")
    title = f"{name}: " if name else "--"
    if steps is not None:
        check_whole(f"{title}steps", steps, 1, MOST_STEPS)
    if seconds is not None:
        check_number(f"{title}seconds", seconds, 0, above=True)
    check_whole(f"{title}seed", seed, 0, LARGEST_RUN_SEED)


def check_resolution(name: str, resolution: Any, low: int = 2, *, sparse: bool = True) -> None:
    """A number of grid nodes along a side whose isosurface fits into the free memory.

    Args:
        name: What errors call it.
        resolution: Nodes along the longest side.
        low: The least.
        sparse: Whether only nodes near the surface are kept, which takes memory for resolution^2, not resolution^3.

    Raises:
        ValueError: It is no whole number, less than ``low``, or more than fits.
    """
    check_whole(name, resolution, low)
    free = free_memory()
    most = math.isqrt(free // SPARSE_BYTES) if sparse else int((free / DENSE_BYTES) ** (1 / 3))
    if resolution > max(most, low):
        raise ValueError(
            f"{name} must be at most {max(most, low):,} here, where {free / 1e9:.1f} GB of memory are free, "
            f"got {resolution}"
        )


def check_finite(config: Any) -> None:
    """No number of a dataclass is infinite or NaN, but for ``beta``, where infinity is a ReLU.

    Raises:
        ValueError: One is.
    """
    for item in fields(config):
        value = getattr(config, item.name)
        numbers = value if isinstance(value, (tuple, list)) else (value,)
        finite = all(math.isfinite(number) for number in numbers if isinstance(number, float))
        if not finite and not (item.name == "beta" and value == math.inf):
            raise ValueError(f"{type(config).__name__}: {item.name} must be finite, got {value}")


def check_network(name: str, *, hidden_layers: Any, width: Any, beta: float = math.inf) -> None:
    """Sizes of a network, and the sharpness of its softplus if it has one.

    Raises:
        ValueError: One is out of range.
    """
    check_whole(f"{name}: hidden_layers", hidden_layers, 1, 1000)
    check_whole(f"{name}: width", width, 1, 2**16)
    if not (0 < beta < 1e300 or beta == math.inf):
        raise ValueError(f"{name}: beta must be positive, got {beta}")


def check_grid(name: str, *, levels: Any, base: Any, finest: Any, log2_entries: Any, features: Any = 1) -> None:
    """Sizes of a multi-resolution grid.

    Raises:
        ValueError: One is out of range.
    """
    for title, fits, wanted, value in (
        ("levels", 1 <= levels <= 64, "from 1 to 64", levels),
        ("base", base >= 2, "at least 2", base),
        ("finest", base <= finest <= 2**20, f"from base = {base} to 2^20", finest),
        ("features", features >= 1, "at least 1", features),
        ("log2_entries", 3 <= log2_entries <= 24, "from 3 to 24", log2_entries),
    ):
        if not fits:
            raise ValueError(f"{name}: {title} must be {wanted}, got {value!r}")


def check_fits(name: str, count: Any, bytes_each: int, low: int = 1) -> None:
    """A number of things that fit into the free memory together.

    Raises:
        ValueError: It is no whole number, less than ``low``, or more than fits.
    """
    check_whole(name, count, low)
    free = free_memory()
    if count * bytes_each > free:
        raise ValueError(
            f"{name} must be at most {max(low, free // bytes_each):,} here, where {free / 1e9:.1f} GB of memory are "
            f"free, got {count}"
        )


def check_side(name: str, side: Any, bytes_each: int, low: int = 1) -> None:
    """A number of pixels along the side of a picture, or of cells of a square, that fits into the free memory.

    Raises:
        ValueError: It is no whole number, less than ``low``, or more than fits.
    """
    check_whole(name, side, low)
    free = free_memory()
    most = max(low, math.isqrt(free // bytes_each))
    if side > most:
        raise ValueError(
            f"{name} must be at most {most:,} here, where {free / 1e9:.1f} GB of memory are free, got {side}"
        )


def free_memory() -> int:
    """Bytes that can be taken without swapping: what Linux counts as available, within the limit of a container.

    Elsewhere the memory of the machine, or a terabyte where even that is unknown.
    """
    return min([_available(), *(limit - used for limit, used in _container())])


def _available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 10**12


def _container() -> list[tuple[int, int]]:
    """Limit and use of the control group, where there is one with a limit."""
    files = (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),  # version 1
    )
    pairs = [tuple(_number(Path("/sys/fs/cgroup", name)) for name in pair) for pair in files]
    return [(limit, used) for limit, used in pairs if limit is not None and used is not None]


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # "max" is no limit
        return None
