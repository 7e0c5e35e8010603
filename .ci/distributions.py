"""Builds the wheel and the source archive, twice, and says what is wrong with them.

    python .ci/distributions.py dist

Nothing may be in them but files that git keeps: no data of somebody's, no leftover of a run. The same commit gives the
same bytes, as every time stamp is that of the commit (SOURCE_DATE_EPOCH).
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

LARGEST_WHEEL = 2_000_000
"""Bytes of a wheel; trained weights that are worth more than that are worth a word first."""

CODE = (".py", ".pyi", ".js", ".css")
NOT_CODE = {"diffshape/py.typed", "diffshape/fitting/scans/prior/model.safetensors"}
"""Files of a wheel that are no code: the mark of a typed package, and weights trained here."""


class Distributions(NamedTuple):
    """The files of a release."""

    wheel: Path
    source: Path


def git(*words: str) -> str:
    """What git prints for this repository."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def build(folder: Path) -> Distributions:
    """Build both from the files as they are, dated by the last commit."""
    date = git("log", "-1", "--format=%ct").strip()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder.resolve())],
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": date, "HATCH_QUIET": "2"},
        check=True,
    )
    return Distributions(next(folder.glob("*.whl")), next(folder.glob("*.tar.gz")))


def wheel_faults(path: Path) -> Iterator[str]:
    """A sentence for each thing that is wrong with a wheel."""
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        (about,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        package = {name for name in names if not name.startswith(about)}
        metadata = Parser().parsestr(wheel.read(f"{about}/METADATA").decode())
    kept = {name.removeprefix("src/") for name in git("ls-files", "src/diffshape").splitlines()}
    yield from (f"{path.name}: {name} is not kept by git" for name in sorted(package - kept))
    yield from (f"{path.name}: {name} is missing" for name in sorted(kept - package))
    other = {name for name in package if not name.endswith(CODE)}
    yield from (f"{path.name}: {name} is no code, and not expected" for name in sorted(other - NOT_CODE))
    if f"{about}/licenses/LICENSE" not in names or metadata["License-Expression"] != "Apache-2.0":
        yield f"{path.name}: the licence is missing"
    if path.stat().st_size > LARGEST_WHEEL:
        yield f"{path.name}: {path.stat().st_size:,} bytes, where {LARGEST_WHEEL:,} are enough"


def source_faults(path: Path) -> Iterator[str]:
    """A sentence for each thing that is wrong with a source archive."""
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    kept = set(git("ls-files").splitlines()) | {"PKG-INFO"}
    yield from (f"{path.name}: {name} is not kept by git" for name in sorted(names - kept))
    yield from (f"{path.name}: {name} is missing" for name in sorted(kept - names))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Build twice, compare, check; print sizes and sums, or what is wrong."""
    parser = argparse.ArgumentParser(description="Build the files of a release, and check them.")
    parser.add_argument("folder", type=Path, help="new folder for the files")
    folder = parser.parse_args().folder
    if folder.exists():
        parser.error(f"{folder} exists: name a new folder, so that nothing old is taken for new")
    folder.mkdir(parents=True)
    made = build(folder)
    with tempfile.TemporaryDirectory() as again:
        pairs = [(path, _digest(path), _digest(other)) for path, other in zip(made, build(Path(again)))]
    found = [*wheel_faults(made.wheel), *source_faults(made.source)]
    found += [f"{path.name}: two builds differ" for path, one, other in pairs if one != other]
    for path, digest, _ in pairs:
        print(f"{digest}  {path}  {path.stat().st_size:,} bytes")
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
