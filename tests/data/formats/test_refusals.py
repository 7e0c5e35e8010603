from pathlib import Path

import pytest

from diffshape.data import ReadError
from diffshape.data.formats.refusals import refusals


@pytest.mark.parametrize(
    ("raised", "foreign", "told"),
    [
        (ValueError("it ends"), (), r"a\.las: not a readable LAS file \(it ends\); export it again"),
        (ReadError("it ends"), Exception, r"a\.las: not a readable LAS file \(it ends\); export it again"),
        (ValueError("inner words"), Exception, r"a\.las: not a readable LAS file \(it is damaged\); export it again"),
        (RuntimeError("inner words"), RuntimeError, r"\(it is damaged\)"),
    ],
)
def test_what_is_raised_becomes_a_read_error(raised, foreign, told):
    with pytest.raises(ReadError, match=told), refusals(Path("a.las"), "LAS file", foreign=foreign):
        raise raised


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), MemoryError(), ImportError("pip install it")])
def test_what_says_nothing_of_the_file_passes(raised):
    with pytest.raises(type(raised)), refusals(Path("a.las"), "LAS file", foreign=BaseException):
        raise raised


def test_other_errors_are_faults_of_ours():
    with pytest.raises(TypeError), refusals(Path("a.las"), "LAS file"):
        raise TypeError
