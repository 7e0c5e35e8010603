"""Bounds on the memory of what runs inside, on Linux."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOM = 1 << 30
"""Bytes that reading a small file may take."""


@contextmanager
def little_memory(room: int = ROOM) -> Iterator[None]:
    """A MemoryError for what takes more than ``room`` bytes beyond what the process has now; on Linux."""
    if not os.path.exists("/proc/self/statm"):
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
