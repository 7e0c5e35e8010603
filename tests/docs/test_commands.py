"""Every command line of the pages is one that the program takes, and those of the README run on small files."""

import re
import shlex
from pathlib import Path

import pytest

from diffshape import data
from diffshape.cli.main import main, parse
from diffshape.cli.parsing.verbs import VERBS
from doc_pages import PAGES, ROOT, blocks, commands, short, text_of

LINES = sorted({(short(page), line) for page in PAGES if page.name != "CHANGELOG.md" for line in commands(page)})
OURS = [(page, line) for page, line in LINES if line.startswith("diffshape ") and "VERB" not in line]
NOT_RUN = {
    "pip install -e .": "it installs; `make test` does so before the tests",
    "tensorboard --logdir run": "it serves until it is stopped",
    "diffshape demo": "tests/cli/test_demo.py runs it, with fewer points",
}
"""Lines of blocks that no test here runs, and why. Trainings are run, with small settings, by tests/cli/train."""

EXTRAS = set(re.findall(r"^(\w+) = \[", text_of(ROOT / "pyproject.toml"), re.M))
SMALL = {"fit": ["--resolution", "40"], "eval": ["--samples", "500"]}
"""Options that make a verb quick."""


@pytest.mark.parametrize(("page", "line"), OURS)
def test_a_command_is_understood(page, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config_igr.yaml").write_text("method: {kind: igr}\n", encoding="utf-8")
    words = shlex.split(line)[1:]
    if {"--help", "--help-all"} & set(words):
        assert main(words) == 0
    elif len(words) == 1 and words[0] not in ("demo", "info"):  # a verb that a sentence names
        assert any(verb.split()[0] == words[0] for verb in VERBS)
    else:
        parse(words)


def test_a_command_with_a_slip_is_noticed():
    from diffshape.cli.errors import UsageError

    with pytest.raises(UsageError, match="--stepps"):
        parse(shlex.split("fit scan.ply --stepps 3"))


def test_other_programs_have_what_is_asked_of_them():
    targets = {
        line.split(":")[0] for line in text_of(ROOT / "Makefile").splitlines() if line[:1].isalpha() and ":" in line
    }
    for page, line in LINES:
        words = [word for word in shlex.split(line) if "=" not in word]
        if words[0] == "make":
            assert set(words[1:]) <= targets, (page, line)
        elif words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), (page, line)
        elif words[0] == "pip" and words[1] == "install":
            extra = re.fullmatch(r"diffshape\[(\w+)\]", words[2])
            assert line in NOT_RUN or (extra and extra[1] in EXTRAS), (page, line)
        elif words[0] == "torchrun":
            assert "diffshape" in words, (page, line)
            parse(words[words.index("diffshape") + 1 :])
        elif words[0] != "diffshape":
            assert line in NOT_RUN or words[0] == "python", (page, line)


def test_the_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    truth = data.icosphere(3)
    data.write_mesh("truth.ply", *truth)
    data.write_points("scan.ply", data.simulate_scan(truth, 400, noise=0.003))
    lines = [line for kind, code in blocks(ROOT / "README.md") if kind == "shell" for line in code.splitlines()]
    for line in map(str.strip, lines):
        if line not in NOT_RUN:
            words = shlex.split(line)[1:]
            assert main([*words, *SMALL.get(words[0], ())]) == 0, line
    assert {"kettle", "scan_clean.ply", "scan_clean.png"} <= {path.name for path in tmp_path.iterdir()}
    assert "chamfer" in capsys.readouterr().out.lower()
