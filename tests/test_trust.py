"""What SECURITY.md promises: nothing is unpickled or executed, nothing is sent, and files are written where it says."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import diffshape

PACKAGE = Path(diffshape.__file__).parent
REFUSED_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
REFUSED_CALLS = {"eval", "exec", "torch.load", "torch.save", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}

PROGRAM = """
import json, os, sys
heard = []

def hook(event, arguments):
    if event.split(".")[0] in ("socket", "subprocess", "urllib", "ftplib", "http") or event in ("os.system", "os.exec"):
        heard.append([event, str(arguments)])
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        heard.append(["write", str(arguments[0])])

from diffshape.cli.main import main
from tests.cli.conftest import TINY, ball_points
import numpy as np
np.save("ball.npy", ball_points(300))
sys.addaudithook(hook)
codes = [main(["fit", "ball.npy", "--out", "run", *TINY, "--steps", "2", "--quiet"]),
         main(["query", "run", "ball.npy", "--out", "distances.npy"]),
         main(["mesh", "run", "--resolution", "16", "--out", "again.ply"])]
print(json.dumps([codes, heard]))
"""
"""A fit, a query and a mesh in a process that listens to itself, and prints what was sent, started and written."""


def calls_and_imports(path: Path) -> set[str]:
    """The modules that a file imports and the functions that it calls, by their names as they are written."""
    found, text = set(), path.read_text(encoding="utf-8")
    if not re.search(r"pickle|dill|marshal|shelve|joblib|\b(eval|exec|load|save|unsafe_load|full_load)\(", text):
        return found
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                found |= {name.name.split(".")[0] for name in names}
            case ast.ImportFrom(module=str(module)):
                found.add(module.split(".")[0])
            case ast.Call(func=ast.Name(id=name)):
                found.add(f"{name}()")
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                found.add(f"{owner}.{name}()")
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                found.add("allow_pickle()")
    return found


def test_no_file_unpickles_or_executes():
    refused = REFUSED_MODULES | {f"{name}()" for name in (*REFUSED_CALLS, "allow_pickle")}
    found = {path.relative_to(PACKAGE): calls_and_imports(path) & refused for path in PACKAGE.rglob("*.py")}
    assert len(found) > 500
    assert {path: names for path, names in found.items() if names} == {}


def test_what_is_refused_would_be_found(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "import pickle\nfrom dill import loads\nx = torch.load(f)\nnp.load(f, allow_pickle=True)\neval(x)\n"
    )
    assert {"pickle", "dill", "torch.load()", "allow_pickle()", "eval()"} <= calls_and_imports(path)


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """What a fit, a query and a mesh do outside of memory: (event, argument) pairs, and their folder."""
    folder = tmp_path_factory.mktemp("heard")
    paths = [str(PACKAGE.parent), str(Path(__file__).resolve().parents[1]), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(folder / "temporary")}
    (folder / "temporary").mkdir()
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes, events = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0, 0, 0], done.stderr
    return folder, events


def test_a_fit_sends_nothing_and_starts_no_program(heard):
    _, events = heard
    others = [(event, said) for event, said in events if event not in ("write", "socket.gethostname")]  # for the lock
    assert [(event, said) for event, said in others if not said.startswith("('uname', ['uname', '-p']")] == []


def test_a_fit_writes_into_its_folder_and_the_cache_of_kernels_only(heard):
    folder, events = heard
    written = {Path(folder, path).resolve() for event, path in events if event == "write" and path != os.devnull}
    elsewhere = [path for path in written if not path.is_relative_to(folder)]
    assert [path for path in elsewhere if "__pycache__" not in path.parts and path.suffix not in (".nbi", ".nbc")] == []
    assert sorted(os.listdir(folder)) == ["again.ply", "ball.npy", "distances.npy", "run", "temporary"]
    left = [path for path in (folder / "temporary").rglob("*") if path.is_file()]  # PyTorch leaves an empty folder
    assert left == []
