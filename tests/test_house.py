"""The rules of the house, which no single module can keep: floors, circles, names, small folders and files."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import diffshape
from diffshape.cli.parsing.verbs import VERBS
from import_graph import circles, import_graph

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [module.name for module in pkgutil.iter_modules(diffshape.__path__, "diffshape.") if module.ispkg]
LARGEST_FILE, LARGEST_FOLDER = 1_000_000, 20
MAY_BE_LARGER = {"src/diffshape/kernels", "benchmarks/results", "docs/images"}

MARK = "loaded:"
HEAVY = {
    *(
        "numpy",
        "torch",
        "torch._dynamo",
        "triton",
        "sympy",
        "numba",
        "scipy.sparse",
        "scipy.spatial",
        "igl",
        "trimesh",
        "sklearn",
        "PIL",
    ),
    *("tyro", "rich", "matplotlib", "imageio", "viser", "ray", "submitit", "pyarrow", "h5py", "timm"),
}
"""Modules that take a tenth of a second or more to load, or that not everybody has."""
IMPORTS: dict[str, set[str]] = {
    "import diffshape": set(),
    "import diffshape.cli.main": set(),
    "from diffshape import data, fields, fitting": set(),
    "from diffshape.data import Frame, Mesh, read_points": {"numpy"},
    "from diffshape.losses import chamfer_distance": {"torch", "numba"},
}
"""Statements in the order in which one interpreter meets them, and the heavy modules that each may add."""
HELP = {"batch": {"rich"}}
"""Heavy modules that the help of a verb may load besides tyro and NumPy, the most that any other verb's may."""


def repository_files() -> list[Path]:
    """Every file git keeps, or would if it were added now; all files where this is no clone."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def loaded_by(statements: list[str]) -> dict[str, set[str]]:
    """The heavy modules that a fresh interpreter holds after each of several statements, one after the other."""
    look = f"print({MARK!r}, *sys.modules.keys() & {HEAVY})"
    program = "\n".join(["import sys", *(f"{statement}\n{look}" for statement in statements)])
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "src", capture_output=True, text=True, check=True)
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith(MARK)]
    return dict(zip(statements, map(set, lines), strict=True))


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


def test_imports_load_no_heavy_module_that_they_need_not():
    allowed: set[str] = set()
    loaded = loaded_by(list(IMPORTS))
    for statement, more in IMPORTS.items():
        allowed |= more
        assert loaded[statement] <= allowed, statement


def test_help_loads_no_heavy_module_that_it_need_not():
    allowed, verbs = {"tyro", "numpy"}, ["", *(verb for verb in VERBS if verb not in HELP), *HELP]
    lines = {f"assert main({[*verb.split(), '--help']}) == 0": HELP.get(verb, set()) for verb in verbs}
    for line, loaded in loaded_by(["from diffshape.cli.main import main", *lines]).items():
        allowed |= lines.get(line, set())
        assert loaded <= allowed, line


def test_files_are_small():
    assert not [path for path in repository_files() if path.stat().st_size > LARGEST_FILE]


def test_folders_are_small():
    folders = Counter(path.parent.relative_to(ROOT).as_posix() for path in repository_files())
    ours = re.compile(r"(src|tests|benchmarks|docs)(/|$)")
    found = {name: count for name, count in folders.items() if count > LARGEST_FOLDER and ours.match(name)}
    assert not found.keys() - MAY_BE_LARGER, found


def test_version_is_a_release_or_a_step_towards_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?", diffshape.__version__)
