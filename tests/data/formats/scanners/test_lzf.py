import numpy as np
import pytest

from diffshape.data.formats.scanners.lzf import unpack_lzf

from ...point_seeds import packed_lzf


def test_runs_of_any_length_come_back():
    rng = np.random.default_rng(0)
    for _ in range(50):
        plain = b"".join(bytes([rng.integers(256)]) * int(rng.integers(1, 400)) for _ in range(20))
        assert unpack_lzf(packed_lzf(plain), len(plain)) == plain


def test_a_piece_from_further_back():
    assert unpack_lzf(bytes([3, *b"abcd", 2 << 5, 3]), 8) == b"abcdabcd"
    assert unpack_lzf(bytes([1, *b"ab", 4 << 5, 1]), 8) == b"abababab"


@pytest.mark.parametrize(
    ("packed", "size", "message"),
    [
        (b"\x05ab", 6, "end too early"),
        (b"\x00a\xe0", 10, "end too early"),
        (b"\x20\x00", 3, "points before the beginning"),
        (b"\x00a", 2, "2 bytes promised, 1 unpacked"),
        (b"\x00a", 10**12, "2 packed bytes cannot become"),
    ],
)
def test_damaged(packed, size, message):
    with pytest.raises(ValueError, match=message):
        unpack_lzf(packed, size)
