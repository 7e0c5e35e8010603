"""LibLZF, the packing of PCD files.

A control byte below 32 is followed by that many bytes and one, as they are; any other copies a piece of what is already
unpacked: three bits of length (all set: one more byte of it), thirteen bits of distance back.
Source: Marc Lehmann, LibLZF; its format is described in the header of lzf_d.c.
"""

_MOST = 132  # bytes that one packed byte can become: three make 264


def unpack_lzf(packed: bytes, size: int) -> bytes:
    """The ``size`` bytes that were packed.

    Raises:
        ValueError: The data do not unpack to exactly that number.

    >>> unpack_lzf(bytes([0, 97, 0xE0, 0, 0]), 10)
    b'aaaaaaaaaa'
    """
    if size > _MOST * len(packed):
        raise ValueError(f"{len(packed)} packed bytes cannot become {size}")
    out, place, end = bytearray(), 0, len(packed)
    while place < end and len(out) <= size:
        control = packed[place]
        place += 1
        if control < 32:
            piece = packed[place : place + control + 1]
            place += control + 1
            if len(piece) != control + 1:
                raise ValueError("the packed bytes end too early")
            out += piece
            continue
        length = control >> 5
        needed = 2 if length == 7 else 1
        if place + needed > end:
            raise ValueError("the packed bytes end too early")
        if length == 7:
            length += packed[place]
            place += 1
        back = ((control & 31) << 8 | packed[place]) + 1
        place += 1
        start, length = len(out) - back, length + 2
        if start < 0:
            raise ValueError("a packed piece points before the beginning")
        piece = out[start : start + length]
        out += (piece * (length // back + 1))[:length] if back < length else piece
    if len(out) != size:
        raise ValueError(f"{size} bytes promised, {len(out)} unpacked")
    return bytes(out)
