"""The rules of the house, which no single module can keep: floors, circles, names, small folders and files."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import diffshape
from import_graph import circles, import_graph

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [module.name for module in pkgutil.iter_modules(diffshape.__path__, "diffshape.") if module.ispkg]
LARGEST_FILE, LARGEST_FOLDER = 1_000_000, 20
MAY_BE_LARGER = {"src/diffshape/kernels", "benchmarks/results", "docs/images"}


def repository_files() -> list[Path]:
    """Every file git keeps, or would if it were added now; all files where this is no clone."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def imported_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after one statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "src", capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_floor_imports_only_floors_below():
    program = "from importlinter.cli import lint_imports_command as check; check()"
    options = ["--config", ROOT / "pyproject.toml", "--no-cache", "--no-logo"]
    done = subprocess.run([sys.executable, "-c", program, *options], cwd=ROOT / "src", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_file_imports_another_in_a_circle():
    found = circles(import_graph(ROOT / "src" / "diffshape"))
    assert not found, "\n".join(" <-> ".join(group) for group in found)


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_exist_and_are_explained(package):
    module = importlib.import_module(package)
    assert inspect.getdoc(module)
    names = getattr(module, "__all__", [])
    assert sorted(names) == sorted(set(names))
    for name in names:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert own_docstring(thing), f"{package}.{name} has no docstring"


def own_docstring(thing: object) -> str:
    """The docstring somebody wrote, not the signature that a dataclass or named tuple gets by itself."""
    text = thing.__doc__ or ""
    return "" if re.match(rf"{re.escape(getattr(thing, '__name__', ''))}\(", text) else text


def test_no_module_has_a_name_that_says_nothing():
    said_nothing = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [path for path in (ROOT / "src").rglob("*") if path.stem.strip("_") in said_nothing]


@pytest.mark.parametrize("module", ["diffshape", "diffshape.data", "diffshape.fields", "diffshape.cli.main"])
def test_a_light_import_leaves_torch_alone(module):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not there yet")
    heavy = {"torch", "numba", "igl", "trimesh", "scipy"}
    assert not imported_by(f"import {module}") & heavy


def test_files_are_small():
    assert not [path for path in repository_files() if path.stat().st_size > LARGEST_FILE]


def test_folders_are_small():
    folders = Counter(path.parent.relative_to(ROOT).as_posix() for path in repository_files())
    ours = re.compile(r"(src|tests|benchmarks|docs)(/|$)")
    found = {name: count for name, count in folders.items() if count > LARGEST_FOLDER and ours.match(name)}
    assert not found.keys() - MAY_BE_LARGER, found


def test_version_is_a_release_or_a_step_towards_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?", diffshape.__version__)
