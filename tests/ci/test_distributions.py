"""The wheel and the source archive hold what git keeps, and two builds of one commit are the same bytes."""

import importlib.util
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("hatchling")
if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True).returncode:
    pytest.skip("not a git checkout", allow_module_level=True)


@pytest.fixture(scope="module")
def distributions():
    """The script as a module; its folder is no package."""
    spec = importlib.util.spec_from_file_location("distributions", ROOT / ".ci" / "distributions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(distributions, tmp_path_factory):
    return distributions.build(tmp_path_factory.mktemp("dist"))


def uncommitted() -> set[str]:
    """Files that git would keep if they were added; somebody at work has some."""
    listing = ["git", "ls-files", "--others", "--exclude-standard"]
    return set(subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_nothing_is_wrong_with_either(distributions, made):
    new = {name.removeprefix("src/") for name in uncommitted()}
    found = [*distributions.wheel_faults(made.wheel), *distributions.source_faults(made.source)]
    assert [fault for fault in found if not any(name in fault for name in new)] == []


def test_two_builds_are_the_same_bytes(distributions, made, tmp_path):
    again = distributions.build(tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in made]


def test_what_is_wrong_is_named(distributions, made, tmp_path):
    bad = tmp_path / made.wheel.name
    with zipfile.ZipFile(made.wheel) as wheel, zipfile.ZipFile(bad, "w") as other:
        for name in wheel.namelist():
            if not name.endswith(("LICENSE", "py.typed")):
                other.writestr(name, wheel.read(name))
        other.writestr("diffshape/scan.ply", "ply")
    said = [fault.removeprefix(f"{bad.name}: ") for fault in distributions.wheel_faults(bad)]
    assert said == [
        "diffshape/scan.ply is not kept by git",
        "diffshape/py.typed is missing",
        "diffshape/scan.ply is no code, and not expected",
        "the licence is missing",
        f"{bad.stat().st_size:,} bytes, where 2,000,000 are enough",
    ]
