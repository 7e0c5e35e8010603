"""Sizes that a file promises, compared with its own size before anything is allocated."""

from diffshape.data.arrays import ReadError

_FREE = 64 << 20  # bytes that any file may unpack to
_RATIO = 100  # and how many times its own size


def require_held(promised: int, held: int, what: str) -> None:
    """Raise unless ``promised`` bytes of ``what`` can stand in ``held`` bytes of a file that does not pack them.

    Raises:
        ReadError: The file is too short; the caller adds its name.

    >>> require_held(24, 12, "2 points")
    Traceback (most recent call last):
    diffshape.data.arrays.ReadError: 2 points need 24 bytes and the file holds 12; it is cut short or damaged
    """
    if promised > held or promised < 0:
        raise ReadError(f"{what} need {promised} bytes and the file holds {held}; it is cut short or damaged")


def require_unpacked(promised: int, held: int, what: str) -> None:
    """Raise unless ``promised`` bytes of ``what`` may come out of ``held`` bytes of a packed file.

    Allowed are 64 MiB, or 100 times the file if that is more; numbers of real shapes pack to a half or a tenth.

    Raises:
        ReadError: More is promised; the caller adds the name of the file.
    """
    if promised > max(_FREE, _RATIO * held) or promised < 0:
        raise ReadError(
            f"{what} unpack to {promised} bytes, more than {_RATIO} times the file; it is damaged, or save it unpacked"
        )
