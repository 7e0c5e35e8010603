"""Every public name, frozen: a lost one breaks somebody's program, an added one is a promise.

After a change that is meant, ``python tests/test_public_names.py`` writes the list anew.
"""

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import diffshape

ROOT = Path(__file__).resolve().parents[1]
FROZEN = Path(__file__).with_name("public_names.txt")
PACKAGES = ["diffshape", *(f"diffshape.{name}" for name in diffshape.__all__)]
LAZY = [
    "diffshape",
    *(f"diffshape.{name}" for name in ("data", "fields", "fitting", "metrics", "models", "report", "training")),
]
HIDDEN = {"batch", "cli", "kernels"}
"""Packages that are no part of the Python interface."""


def public_names() -> list[str]:
    return [f"{package}.{name}" for package in PACKAGES for name in importlib.import_module(package).__all__]


def test_public_names_are_those_agreed_on():
    now, agreed = set(public_names()), set(FROZEN.read_text(encoding="utf-8").split())
    assert (sorted(agreed - now), sorted(now - agreed)) == ([], []), (
        "public names are lost, or new; if that is meant: python tests/test_public_names.py"
    )


def test_every_package_is_public_or_hidden():
    packages = {module.name for module in pkgutil.iter_modules(diffshape.__path__) if module.ispkg}
    assert packages == set(diffshape.__all__) | HIDDEN


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_shows_public_names_and_nothing_else(package):
    module = importlib.import_module(package)
    assert dir(module) == sorted(module.__all__)


@pytest.mark.parametrize("package", LAZY)
def test_a_stub_is_read_as_python_reads_it(package):
    module = importlib.import_module(package)
    source = Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8")
    imports = [statement for statement in ast.parse(source).body if isinstance(statement, ast.ImportFrom)]
    assert sorted(alias.name for statement in imports for alias in statement.names) == dir(module)
    assert all(alias.asname == alias.name for statement in imports for alias in statement.names)


def test_packages_load_when_they_are_used():
    program = """
import diffshape, sys
print("diffshape.data" in sys.modules)
print(diffshape.data.Mesh.__module__, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "src", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "diffshape.data.meshes", "False"]


def test_a_name_that_is_not_there_is_named():
    with pytest.raises(AttributeError, match=r"module 'diffshape\.fitting' has no attribute 'fit_point'"):
        _ = diffshape.fitting.fit_point


@pytest.mark.parametrize("package", LAZY[1:])
def test_a_file_does_not_hide_the_function_whose_name_it_has(package):
    module = importlib.import_module(package)
    for submodule in pkgutil.walk_packages(module.__path__, f"{package}."):
        importlib.import_module(submodule.name)
    assert [name for name in module.__all__ if isinstance(getattr(module, name), ModuleType)] == []


@pytest.mark.slow
def test_a_type_checker_knows_every_public_name(tmp_path):
    pytest.importorskip("pyright")
    probe = tmp_path / "probe.py"
    lines = [f"import {package}" for package in PACKAGES] + [f"reveal_type({name})" for name in public_names()]
    probe.write_text("\n".join(lines))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(probe)]
    done = subprocess.run(command, cwd=ROOT / "src", capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pyright does not run here: {done.stderr[-200:]}")
    told = [item["message"] for item in json.loads(done.stdout)["generalDiagnostics"]]
    types = dict(message.removeprefix('Type of "').split('" is "', 1) for message in told)
    assert sorted(types) == sorted(public_names())
    assert {name: kind for name, kind in types.items() if kind in ('Any"', 'Unknown"')} == {}


@pytest.mark.parametrize("use_jedi", [False, True])
@pytest.mark.parametrize("package", PACKAGES)
def test_tab_completes_every_public_name(package, use_jedi):
    completer = pytest.importorskip("IPython.core.completer")
    here = {"diffshape": diffshape}
    complete = completer.IPCompleter(namespace=here, global_namespace=here, use_jedi=use_jedi)
    text = f"{package}."
    with completer.provisionalcompleter():
        found = {item.text.lstrip(".") for item in complete.completions(text, len(text))}
    assert set(importlib.import_module(package).__all__) <= found


if __name__ == "__main__":
    FROZEN.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
