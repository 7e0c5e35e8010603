"""Where the viewer listens, as options of the verbs that open it. Needs no torch."""

from diffshape._bounds import check_whole
from diffshape.cli.errors import usage_errors

HOST = "127.0.0.1"
"""Address at which no other machine reaches the viewer."""


def check_port(option: str, port: int | None) -> None:
    """Check a port that was typed.

    Raises:
        UsageError: There is no such port.
    """
    if port is not None:
        with usage_errors():
            check_whole(option, port, 1, 65_535)
