"""Readers on damaged files: whatever stands in them, a reader answers or raises ReadError, and takes little memory.

Small whole files of each format are damaged at random, the same way for the same seed. Run by hand for many:

    PYTHONPATH=src python -m tests.data.test_fuzzing 20000 .ply .glb
"""

import argparse
import io
import json
import os
import random
import re
import struct
import sys
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from diffshape.data import ReadError, icosphere, read_mesh, read_points, write_mesh
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.formats.point_formats import POINT_SUFFIXES, TABLES

from . import point_seeds

ROOM = 1 << 30
"""Bytes that reading a small file may take."""

_WORDS = (
    b"-1 0 1.9 nan inf -inf 1e20 -1e20 1e400 1e-400 4294967295 9999999999999999999 1_0 0x10 - e 2e9 1000000000 255 "
    b"256 -2147483648 true null [] {} 5126 solid facet vertex endfacet endsolid OFF v f vn format element property "
    b"list end_header # \\ [ {"
).split()
_NUMBERS = (0, 1, 2, 3, 4, 255, 256, 32767, 65535, 10**6, 2**31 - 1, 2**31, 2**32 - 1)


def mesh_seeds(suffix: str) -> list[bytes]:
    """A mesh as we write it, plain and with all that the format holds, and one with larger faces."""
    mesh, seeds = icosphere(0), []
    colors = np.arange(48, dtype=np.uint8).reshape(12, 4)
    options: list[dict] = [{}, {"normals": mesh.vertices}, {"attributes": {"colors": colors}}]
    with TemporaryDirectory() as folder:
        path = Path(folder, "seed" + suffix)
        for option in options:
            if (suffix in (".stl", ".off") and "normals" in option) or (suffix == ".stl" and option):
                continue
            write_mesh(path, *mesh, **option)
            seeds.append(path.read_bytes())
    return seeds + [text.encode() for text in _TEXTS.get(suffix, [])]


_AXES = "property float x\nproperty float y\nproperty float z\n"
_FACES = "property list uchar int vertex_indices\n"
_TEXTS = {
    ".obj": [
        "mtllib a.mtl\nv 0 0 0\nv 1 0 0 # c\nv 1 1 0\nv 0.5 0.1 0\nv 0 1 0\nvn 0 0 1\nvt 0 0\n"
        "f 1/1/1 2//1 3 \\\n 4 5\nf -1 -2 -3\n",
    ],
    ".off": ["off\n# c\n5 2 0\n0 0 0\n2 0 0\n2 2 0\n1 0.5 0\n0 2 0\n5 0 1 2 3 4 255 0 0\n3 0 1 2\n"],
    ".stl": [
        "solid box\n"
        + "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 1e-1\nendloop\nendfacet\n" * 3
        + "endsolid box\n"
    ],
    ".ply": [
        f"ply\nformat ascii 1.0\ncomment c\nelement vertex 5\n{_AXES}property uchar red\nelement face 2\n{_FACES}"
        "end_header\n0 0 0 1\n2 0 0 2\n2 2 0 3\n1 0.5 0 4\n0 2 0 5\n5 0 1 2 3 4\n3 0 1 2\n",
        f"ply\nformat ascii 1.0\nelement vertex 4\n{_AXES}element tristrips 1\n{_FACES}"
        "end_header\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n6 0 1 2 -1 3 1\n",
    ],
}

PACKAGES = {".las": "laspy", ".laz": "lazrs", ".e57": "pye57"}
"""What a format cannot be read without."""


def table_seeds(suffix: str) -> list[bytes]:
    """Files of points of that suffix."""
    pytest.importorskip(PACKAGES.get(suffix, "numpy"))
    others = [make() for other, make in point_seeds.OTHER_SEEDS.values() if other == suffix]
    return [point_seeds.SEEDS[suffix](), *others]


def cloud_seeds(suffix: str) -> list[bytes]:
    """A format of meshes with points and no faces, where that may be."""
    match suffix:
        case ".ply":
            return [point_seeds.written(suffix)]
        case ".glb":
            return [point_seeds.glb()]
        case ".obj" | ".off":
            lines = point_seeds.rows(point_seeds.POINTS, point_seeds.COLORS / 255)
            return [
                ("COFF\n12 0 0\n" + lines if suffix == ".off" else re.sub("^(?=.)", "v ", lines, flags=re.M)).encode()
            ]
    return []


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    **{suffix: (lambda suffix=suffix: mesh_seeds(suffix) + cloud_seeds(suffix)) for suffix in MESH_SUFFIXES},
    **{suffix: (lambda suffix=suffix: table_seeds(suffix)) for suffix in TABLES},
}
"""Suffix -> what makes whole files of that format, to be damaged."""


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to four changes. Of a GLB the description is changed as text, and its length with it."""
    if data[:4] == b"glTF" and rng.random() < 0.7:
        length = struct.unpack("<I", data[12:16])[0]
        text = damaged_description(data[20 : 20 + length], rng)
        rest = struct.pack("<I", len(text)) + b"JSON" + text + data[20 + length :]
        return b"glTF" + struct.pack("<II", 2, 12 + len(rest)) + rest
    if data[:2] == b"PK" and rng.random() < 0.7:
        return damaged_archive(data, rng)
    pages = data[:8] == b"ASTM-E57" and rng.random() < 0.9
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(_CHANGES_IN_PLACE if pages else _CHANGES)(data, rng)
    return point_seeds.with_checksums(data) if pages else data


def damaged_archive(data: bytes, rng: random.Random) -> bytes:
    """An archive whose sums are right, and one of its files damaged."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        changed = rng.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, rng.choice(_CHANGES)(content, rng) if name == changed else content)
    return stream.getvalue()


def damaged_description(text: bytes, rng: random.Random) -> bytes:
    """A value somewhere in JSON changed for another one, or the text damaged."""
    if rng.random() < 0.3:
        return rng.choice(_CHANGES)(text, rng)
    description = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        thing = description
        while True:
            keys = list(thing) if isinstance(thing, dict) else list(range(len(thing)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(thing[key], (dict, list)) and rng.random() < 0.85:
                thing = thing[key]
                continue
            values = [-1, 0, 1, 3, 10**9, 10**20, 1.5, 1e308, None, True, "x", [], {}, [0], 5121, 5126, thing[key]]
            thing[key] = rng.choice(values)
            if rng.random() < 0.2:
                del thing[key]
            break
    return json.dumps(description).encode()


def _flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(max(len(data), 1))
    return data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.randint(1, 20) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    place, length = rng.randrange(len(data) + 1), rng.randint(1, 60)
    return data[: place + length] + data[place : place + length] * rng.choice([1, 1, 50]) + data[place + length :]


def _word(data: bytes, rng: random.Random) -> bytes:
    words = list(re.finditer(rb"[-+.\w]+", data[:4000]))
    if not words:
        return data
    start, end = rng.choice(words).span()
    return data[:start] + rng.choice(_WORDS) + data[end:]


def _number(data: bytes, rng: random.Random) -> bytes:
    place, length = rng.randrange(len(data) + 1), rng.choice([1, 2, 4, 4])
    value = rng.choice(_NUMBERS) % 256**length
    return data[:place] + value.to_bytes(length, rng.choice(["little", "big"])) + data[place + length :]


def _digit(data: bytes, rng: random.Random) -> bytes:
    """A digit of the text for another character, so that nothing moves."""
    digits = list(re.finditer(rb"(?<=[\">.\d-])\d", data))
    if not digits:
        return data
    start, end = rng.choice(digits).span()
    return data[:start] + rng.choice([b"-", b"0", b"9", b"9", b".", b"x"]) + data[end:]


def _head_number(data: bytes, rng: random.Random) -> bytes:
    return _number(data[:100], rng) + data[100:]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return rng.choice([b"\n", b"\n", b"\r\n", b"\r"]).join(lines)


_CHANGES = (_flip, _cut, _drop, _double, _word, _word, _word, _number, _head_number, _swap_lines)

_CHANGES_IN_PLACE = (_flip, _number, _head_number, _digit, _digit, _digit)


@contextmanager
def little_memory(room: int = ROOM) -> Iterator[None]:
    """A MemoryError for what takes more than ``room`` bytes beyond what the process has now; on Linux."""
    if not os.path.exists("/proc/self/statm"):
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def peak_memory() -> int:
    """The most bytes that the process has had in memory; 0 where that is not told."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return 1024 * int(found[1]) if found else 0


def read_all(path: Path) -> None:
    """Every reader of a file; a ReadError is an answer, all else is not."""
    readers = [lambda: read_points(path, max_points=50)]
    if path.suffix in MESH_SUFFIXES:
        readers.append(lambda: read_mesh(path))
    for read in readers:
        try:
            shape = read()
        except ReadError as error:
            if not str(error).startswith(str(path)):
                raise
            continue
        points = shape.points if hasattr(shape, "points") else shape.vertices
        assert np.isfinite(points).all()
        assert all(len(column) == len(points) for column in shape.attributes.values())
        assert getattr(shape, "normals", None) is None or shape.normals.shape == points.shape


def failures(suffix: str, count: int, folder: Path, *, seed: int = 0) -> Iterator[tuple[bytes, Exception]]:
    """The damaged files of a format on which a reader fails, and how."""
    rng, seeds, path = random.Random(f"{suffix} {seed}"), SEEDS[suffix](), Path(folder, "damaged" + suffix)
    with little_memory():
        for _ in range(count):
            data = damaged(rng.choice(seeds), rng)
            path.write_bytes(data)
            try:
                read_all(path)
            except Exception as error:
                yield data, error


def test_every_format_has_seeds():
    assert set(SEEDS) == set(POINT_SUFFIXES)


@pytest.mark.parametrize("suffix", SEEDS)
def test_seeds_are_whole(tmp_path, suffix):
    for number, data in enumerate(SEEDS[suffix]()):
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(data)
        assert len(read_points(path, max_points=50).points)


@pytest.mark.parametrize("suffix", SEEDS)
def test_damaged_files_are_read_or_refused(tmp_path, suffix):
    assert [(type(error), error, data) for data, error in failures(suffix, 200, tmp_path)] == []


def test_readers_have_little_memory(tmp_path):
    with pytest.raises(MemoryError), little_memory():
        np.ones(ROOM // 4)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Damage files and read them.")
    parser.add_argument("count", type=int)
    parser.add_argument("suffixes", nargs="*", default=list(SEEDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files on which a reader fails")
    arguments = parser.parse_args()
    warnings.simplefilter("error", RuntimeWarning)
    for suffix in arguments.suffixes:
        seen = Counter()
        with TemporaryDirectory() as folder:
            for data, error in failures(suffix, arguments.count, Path(folder), seed=arguments.seed):
                place = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{type(error).__name__}: {str(error)[:100]} at {Path(place.filename).name}:{place.lineno}"
                if kind not in seen and arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{len(list(arguments.keep.iterdir()))}{suffix}").write_bytes(data)
                seen[kind] += 1
        told = f"{suffix}: {arguments.count} damaged files, {sum(seen.values())} failures"
        print(f"{told}, at most {peak_memory() >> 20} MiB in use so far", flush=True)
        for kind, number in seen.most_common():
            print(f"  {number} x {kind}", file=sys.stderr)


if __name__ == "__main__":
    _main()
