"""Damaged command lines, settings and runs: done or refused in one sentence, which names the file where it is one.

The same damage for the same seed. ``make fuzz`` tries many more.
"""

import io
import random
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from damage import damaged
from diffshape._sentence import sentence
from diffshape.cli.errors import FAILED, USAGE, UsageError
from diffshape.cli.main import main, parse
from little_memory import little_memory

from .test_bad_commands import COMMANDS

LINES = [line for line, _, _ in COMMANDS] + [
    "fit ball.npy --steps 3 --seed 1 --device cpu --field.width 32 --method.batch 256 --resolution 32 --quiet",
    "fit box.ply --supervised.loss mape --supervised.sigma 0.1 --field.levels 8 --prepare=no --up -y --out run",
    "clean ball.npy --noise 0.1 --threads 1 --out clean.ply",
    "compare a.ply b.ply --methods igr diffcd --truth truth.ply --steps 3",
    "batch scans --jobs 2 -- fit --steps 3",
    "train landmarks images --size 64 32 --training.zoom 0.1 --model.heads 2 --log csv",
    "sample run --count 3 --seed 2",
    "interpolate run 0 1 --steps 5",
]
"""Command lines to begin with, bad ones among them: what is wrong in two ways has to be refused as well."""

VALUES = shlex.split(
    "'' - -- --- = --= -1 0 1.5 1e400 nan -inf 99999999999999999999 yes no none auto cpu ten 'a b' é 中 '\udcff' {} [] "
    "1,2 1_000 0x10 None True ~ ~nobody/a ../.. / /dev/null --steps --steps=3 --out= --help --field --field. "
    "--field.width=0 --method.scan.agreement --config --resume --preset paper . .. * '\\' '\"'"
)
"""Words that somebody, or a script, might type by mistake."""

INSIDE = re.compile(r"Traceback| at 0x|<class|NoneType|\b(tyro|argparse|dataclass)\b|\b[A-Z]\w+(Config|Arguments)\b")
"""What only a programmer of the command could make sense of."""


def damaged_line(rng: random.Random) -> list[str]:
    """The words of a line, changed in one to three places."""
    words = shlex.split(rng.choice(LINES))
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(words) + 1)
        match rng.randrange(5):
            case 0:
                del words[place : place + 1]
            case 1:
                words[place:place] = [rng.choice(VALUES)]
            case 2:
                words[place : place + 1] = [rng.choice(VALUES)]
            case 3:
                words[place:place] = shlex.split(rng.choice(LINES))[1:][-2:]
            case 4:
                data = damaged("".join(words[place : place + 1]).encode(errors="surrogateescape"), rng)
                words[place : place + 1] = [data.replace(b"\0", b"").decode(errors="surrogateescape")[:200]]
    return words or ["fit"]


def check_line(words: list[str]) -> None:
    """The words are understood, or the sentence that says why not is one for who typed them."""
    try:
        parse(words)
    except (UsageError, OSError) as error:
        said = sentence(error)
        typed = " ".join(words)
        inside = INSIDE.search(said)
        assert said, "nothing is said"
        assert not inside or inside[0] in typed, said
        assert len(said) < 600 + 2 * len(typed), said


def check_run(words: list[str], file: Path) -> None:
    """A verb does its work on a run of which ``file`` is damaged, or names that file or its folder in one sentence."""
    errors = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(errors), little_memory():
        code = main(words)
    *_, said = errors.getvalue().splitlines() or [""]
    if code:
        assert code in (FAILED, USAGE), code
        assert str(file.parent) in said or file.name in said, said
        assert not re.match(r"diffshape: \w+Error: ", said), said


def line_failures(count: int, folder: Path, *, seed: int = 0) -> Iterator[tuple[str, bytes, Exception]]:
    """Damaged command lines that are neither understood nor refused as they should be."""
    rng = random.Random(f"lines {seed}")
    for _ in range(count):
        words = damaged_line(rng)
        try:
            check_line(words)
        except Exception as error:
            yield "words.txt", shlex.join(words).encode(errors="surrogateescape"), error


def settings_failures(run: Path, count: int, folder: Path, *, seed: int = 0) -> Iterator[tuple[str, bytes, Exception]]:
    """Damaged settings, given with --config, that are neither understood nor refused as they should be."""
    rng, path, whole = random.Random(f"settings {seed}"), folder / "part.yaml", (run / "config.yaml").read_bytes()
    for _ in range(count):
        path.write_bytes(damaged(whole, rng))
        try:
            check_line(["fit", "ball.npy", "--config", str(path)])
        except Exception as error:
            yield path.name, path.read_bytes(), error


def run_failures(run: Path, count: int, folder: Path, *, seed: int = 0) -> Iterator[tuple[str, bytes, Exception]]:
    """Files of a run whose damage makes a verb fail as it should not."""
    rng, copy = random.Random(f"run {seed}"), folder / "run"
    shutil.copytree(run, copy)
    files = sorted(path for path in copy.rglob("*") if path.suffix in (".yaml", ".json", ".safetensors", ".csv"))
    points = str(run.parent / "ball.npy")
    for _ in range(count):
        file = rng.choice(files)
        whole = file.read_bytes()
        file.write_bytes(damaged(whole, rng))
        words = rng.choice(
            [["mesh", str(copy), "--resolution", "16", "--out", str(folder / "a.ply")], ["query", str(copy), points]]
        )
        try:
            check_run(words, file)
        except Exception as error:
            yield file.name, file.read_bytes(), error
        file.write_bytes(whole)


def test_damaged_lines_are_understood_or_refused(tmp_path):
    assert list(line_failures(300, tmp_path)) == []


def test_damaged_settings_are_understood_or_refused(finished, tmp_path):
    assert list(settings_failures(finished, 100, tmp_path)) == []


def test_damaged_runs_are_read_or_refused(finished, tmp_path):
    assert list(run_failures(finished, 30, tmp_path)) == []


@pytest.mark.parametrize("words", [["fit", "a.ply", "--steps", "3"], ["fit", "a.ply", "--steps", "ten"]])
def test_a_good_line_and_a_good_refusal_are_no_failures(words):
    check_line(words)


def test_a_traceback_would_be_a_failure(monkeypatch):
    monkeypatch.setattr("diffshape.cli.main._at_home", lambda value: value.nothing)
    with pytest.raises(AttributeError):
        check_line(["fit", "a.ply"])
