"""Installs a wheel into empty environments of one Python, with the oldest and newest of what it needs, and tries it.

    for python in python3.10 python3.11 python3.12 python3.13; do $python .ci/versions.py dist/*.whl; done

Needs ``uv`` on the path, and nothing else but that Python. Prints rows of the table in docs/versions.md. PyTorch is
that of constraints.txt, or what ``--torch`` says: "==2.4.0", or "site" for one that this Python has already, which must
then stay as it is. Nothing is downloaded where only a PyTorch with CUDA is to be had.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ENDS = {"oldest": "lowest-direct", "newest": "highest"}
TOOLS = ("pytest>=8", "pytest-timeout>=2.3", "hypothesis>=6.100", "beartype>=0.19", "pillow>=10.1")
SHOWN = ("torch", "numpy", "scipy", "numba", "trimesh", "libigl", "tyro", "rich", "safetensors", "pyyaml", "jaxtyping")
TESTS = (
    "tests/losses/points/test_chamfer.py",
    "tests/ops/level_sets/test_isosurface.py",
    "tests/data/formats/test_writers.py",
    "tests/cli/test_bad_commands.py",
    "tests/test_tensor_files.py",
    "tests/test_config.py",
)
"""Tests of what is nearest to other packages: PyTorch, Numba, libigl, trimesh, tyro, safetensors, YAML."""

IMPORT_ALL = """
import importlib, pkgutil, sys
import diffshape
there = importlib.util.find_spec("triton")
names = [module.name for module in pkgutil.walk_packages(diffshape.__path__, "diffshape.")]
names = [name for name in names if there or ".triton_" not in name]
for name in names:
    importlib.import_module(name)
assert "site-packages" in diffshape.__file__, diffshape.__file__
print(len(names))
"""
"""Imports every module, where one needs Triton only if that is there, and prints their number."""


class Environment(NamedTuple):
    """An environment that was made for a trial."""

    folder: Path
    versions: dict[str, str]


def run(*words: str | Path, **options) -> str:
    """What a command prints; its last lines in a RuntimeError if it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError("; ".join((done.stdout + done.stderr).strip().splitlines()[-3:]))
    return done.stdout + done.stderr


def environment(wheel: Path, end: str, torch: str, folder: Path) -> Environment:
    """Make an environment, and install the wheel with the oldest or newest packages that it and this Python allow."""
    if torch == "site":
        run(sys.executable, "-m", "venv", "--system-site-packages", folder)
        install = [folder / "bin" / "python", "-m", "pip", "install"]
    else:
        run("uv", "venv", "--python", sys.executable, folder)
        (folder / "limits.txt").write_text(f"torch{torch}\n")
        install = ["uv", "pip", "install", "--python", folder, "--resolution", ENDS[end], "-c", folder / "limits.txt"]
    before, wanted = versions(folder), [wheel, *needs(wheel), *TOOLS]
    if "nvidia-" in run(*install, *wanted, "--dry-run"):
        raise RuntimeError("PyTorch is to be had with CUDA only here: not tried")
    run(*install, *wanted)
    after = versions(folder)
    if "torch" in before and after["torch"] != before["torch"]:
        raise RuntimeError(f"PyTorch {before['torch']} was replaced by {after['torch']}")
    return Environment(folder, after)


def needs(wheel: Path) -> list[str]:
    """What a wheel needs without its extras. Named to uv, which takes the oldest only of what is named."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        about = Parser().parsestr(archive.read(name).decode())
    return [need for need in about.get_all("Requires-Dist", []) if "extra ==" not in need]


def versions(folder: Path) -> dict[str, str]:
    """The packages that an environment sees, by their names."""
    program = "import importlib.metadata as m; print(*(f'{d.name} {d.version}' for d in m.distributions()), sep='\\n')"
    lines = run(folder / "bin" / "python", "-c", program).lower().splitlines()
    return dict(reversed([line.split(" ", 1) for line in lines if line]))  # the first that is found is the one imported


def trial(made: Environment) -> str:
    """Version, information, imports, demo and tests of an environment; returns what was seen."""
    python, work = made.folder / "bin" / "python", made.folder / "work"
    work.mkdir()
    outside = {**os.environ, "NUMBA_CACHE_DIR": str(work / "cache")}
    command = made.folder / "bin" / "diffshape"
    run(command, "--version", cwd=work)
    run(command, "info", cwd=work)
    modules = run(python, "-c", IMPORT_ALL, cwd=work).strip().splitlines()[-1]
    demo = ["demo", "--preset", "quick", "--steps", "60", "--resolution", "64", "--out", "demo"]
    run(command, *demo, cwd=work, env=outside)
    score = json.loads((work / "demo" / "fit" / "metrics.json").read_text())["score"]["iou"]
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "pythonpath=tests/support ."]
    passed = run(python, *pytest, *TESTS, cwd=ROOT, env=outside).strip().splitlines()[-1]
    return f"{modules} modules, demo IoU {score:.3f}, {passed.strip('= ')}"


def row(wheel: Path, end: str, torch: str) -> str:
    """One row of the table: Python, end, versions, what was seen."""
    python = ".".join(map(str, sys.version_info[:3]))
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = environment(wheel, end, torch, Path(folder, "env"))
            found, seen = ", ".join(f"{name} {made.versions[name]}" for name in SHOWN), trial(made)
        except RuntimeError as error:
            found, seen = "", f"**failed**: {error}".replace("|", "/")
    return f"| {python} | {end} | {found} | {seen} |"


def main() -> None:
    """Try both ends, and print a row for each."""
    parser = argparse.ArgumentParser(description="Try a wheel with this Python and both ends of what it needs.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--ends", nargs="+", choices=ENDS, default=list(ENDS))
    limit = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch"))
    parser.add_argument("--torch", default=limit.removeprefix("torch"), help="version, such as ==2.4.0, or site")
    arguments = parser.parse_args()
    for end in arguments.ends:
        if (arguments.torch, end) == ("site", "oldest"):
            continue  # pip has no such choice
        print(row(arguments.wheel.resolve(), end, arguments.torch), flush=True)


if __name__ == "__main__":
    main()
