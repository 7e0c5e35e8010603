from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import tyro

from diffshape.cli.errors import UsageError
from diffshape.cli.parsing.words import read_words


@dataclass(frozen=True)
class Group:
    width: int = 64
    prepare: bool = True
    sides: tuple[int, int] = (1, 2)
    rates: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class Arguments:
    run: tyro.conf.Positional[Path]
    out: Path | None = None
    up: Literal["x", "-x"] | None = None
    seconds: float | None = None
    quiet: bool = False
    log_entries: int = 3
    group: Group = field(default_factory=Group)
    spare: Group | None = None


def read(*words):
    return read_words("do", words, Arguments)


def test_what_is_typed_is_known_even_where_it_is_the_default():
    words = read("run", "--group.width", "64", "--log_entries=3", "--group.no-prepare", "--quiet")
    assert words.typed == {"group.width", "log_entries", "group.prepare", "quiet"}
    assert words.groups == {"Group": "group"}


@pytest.mark.parametrize(
    ("words", "parsed"),
    [
        (["run", "--up", "-x"], ["--up=-x", "--", "run"]),
        (["--group.sides", "-3", "4", "run"], ["--group.sides", "-3", "4", "--", "run"]),
        (["run", "--group.rates", "1", "-2", "3"], ["--group.rates", "1", "-2", "3", "--", "run"]),
        (["run", "--group.rates", "--quiet"], ["--group.rates", "--quiet", "--", "run"]),
        (["--", "-odd name.ply"], ["--", "-odd name.ply"]),
        (["run", "--out", "a=b c"], ["--out=a=b c", "--", "run"]),
    ],
)
def test_values_are_bound_to_their_options(words, parsed):
    assert read(*words).words == parsed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "do: RUN is missing; type diffshape do RUN"),
        (["a", "b"], "do: unexpected 'b'; it takes RUN"),
        ([""], "do: RUN is empty"),
        (["a", "--quite"], "do: there is no option --quite; did you mean --quiet?"),
        (["a", "-q"], "do: there is no option -q"),
        (["a", "--group.with", "3"], "do: there is no option --group.with; did you mean --group.width?"),
        (["a", "--log-entries", "ten"], "--log-entries must be a whole number, got 'ten'"),
        (["a", "--log-entries", "1.5"], "--log-entries must be a whole number, got '1.5'"),
        (["a", "--seconds", "soon"], "--seconds must be a number, got 'soon'"),
        (["a", "--seconds", "nan"], "--seconds must be a number, got 'nan'"),
        (["a", "--up", "north"], "--up must be one of x, -x, got 'north'"),
        (["a", "--out"], "--out needs a value"),
        (["a", "--out", "--quiet"], "--out needs a value"),
        (["a", "--out", ""], "--out is empty; give a path"),
        (["a", "--quiet=yes"], "--quiet takes no value, got 'yes'"),
        (["a", "--spare", "3"], "do: there is no option --spare"),
        (["a", "--spare.width", "3"], "do: there is no option --spare.width; did you mean --group.width?"),
        (["a", "--group.sides", "3"], "--group.sides takes 2 values"),
        (["a", "--group.rates", "1", "two"], "--group.rates must be a number, got 'two'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(words, message):
    with pytest.raises(UsageError) as caught:
        read(*words)
    assert str(caught.value) == message


def test_a_group_that_is_switched_on_has_options():
    words = read_words("do", ["run", "--spare.width", "3"], Arguments, Arguments(Path(), spare=Group()))
    assert words.typed == {"spare.width"}
