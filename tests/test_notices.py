import io
import logging

import pytest

from diffshape import _notices
from diffshape._notices import is_watched, tell


class Terminal(io.StringIO):
    def isatty(self):
        return True


class OutStream(io.StringIO):
    __module__ = "ipykernel.iostream"


@pytest.fixture(autouse=True)
def logger(monkeypatch):
    """One that nobody listens to yet; pytest listens to all that hang at the root."""
    alone = logging.Logger("diffshape")
    monkeypatch.setattr(_notices, "LOGGER", alone)
    return alone


@pytest.mark.parametrize(("stream", "watched"), [(Terminal(), True), (OutStream(), True), (io.StringIO(), False)])
def test_terminals_and_notebooks_are_watched(stream, watched):
    assert is_watched(stream) is watched


def test_no_stream_is_not_watched():
    assert not is_watched(None)


@pytest.mark.parametrize(("stream", "said"), [(Terminal(), "hello\n"), (io.StringIO(), "")])
def test_a_line_is_for_who_watches(stream, said):
    tell("hello", stream)
    assert stream.getvalue() == said


@pytest.mark.parametrize(("level", "said"), [("INFO", "hello\n"), ("WARNING", "")])
def test_a_level_of_the_logger_decides(logger, level, said):
    logger.setLevel(level)
    for stream in (io.StringIO(), Terminal()):
        tell("hello", stream)
        assert stream.getvalue() == said


def test_where_logging_shows_it_nothing_else_does(logger):
    records, terminal = io.StringIO(), Terminal()
    logger.addHandler(logging.StreamHandler(records))
    logger.setLevel(logging.INFO)
    tell("hello", terminal)
    assert (records.getvalue(), terminal.getvalue()) == ("hello\n", "")
