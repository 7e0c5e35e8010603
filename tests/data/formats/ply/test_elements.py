"""PLY in its three encodings, whole and broken; the files are made here, byte by byte."""

import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.formats.ply import elements as ply_elements
from diffshape.data.formats.ply.elements import read_ply, write_ply
from diffshape.data.formats.ply.rows import Lists

ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
POINTS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)


def ply_bytes(encoding, points=POINTS, faces=(), *, promised=None, color=False):
    order = ORDERS[encoding]
    header = f"ply\nformat {encoding} 1.0\ncomment made here\nelement vertex {promised or len(points)}\n"
    header += "property float x\nproperty float y\nproperty float z\n" + ("property uchar red\n" if color else "")
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    if encoding == "ascii":
        rows = [" ".join(map(repr, map(float, row))) + (" 7" if color else "") for row in points]
        rows += [" ".join(map(str, [len(face), *face])) for face in faces]
        return (header + "".join(row + "\n" for row in rows)).encode()
    body = b""
    for row in points:
        body += row.astype(order + "f4").tobytes() + (b"\x07" if color else b"")
    for face in faces:
        body += bytes([len(face)]) + np.array(face, order + "i4").tobytes()
    return header.encode() + body


@pytest.fixture(params=ORDERS)
def encoding(request):
    return request.param


def read(tmp_path, content):
    path = tmp_path / "a.ply"
    path.write_bytes(content)
    return read_ply(path)


@pytest.mark.parametrize("faces", [(), [(0, 1, 2), (2, 3, 4)], [(0, 1, 2, 3), (3, 4, 5), (0, 1, 2, 4, 5)]])
@pytest.mark.parametrize("color", [False, True])
def test_reads_what_stands_there(tmp_path, encoding, faces, color):
    elements = read(tmp_path, ply_bytes(encoding, faces=faces, color=color))
    vertex = elements["vertex"]
    assert np.array_equal(np.stack([vertex["x"], vertex["y"], vertex["z"]], axis=1).astype(np.float32), POINTS)
    assert not color or np.array_equal(vertex["red"], [7] * 6)
    if faces:
        lists = elements["face"]["vertex_indices"]
        assert isinstance(lists, Lists)
        assert lists.counts.tolist() == [len(face) for face in faces]
        assert lists.values.tolist() == [corner for face in faces for corner in face]


@pytest.mark.parametrize("cut", [1, 5, 30])
@pytest.mark.parametrize("faces", [(), [(0, 1, 2), (2, 3, 4)], [(0, 1, 2, 3), (3, 4, 5)]])
def test_cut_short_is_an_error(tmp_path, encoding, faces, cut):
    content = ply_bytes(encoding, faces=faces)
    if encoding == "ascii":  # the last byte is a line end, which may be missing
        cut = len(content) - content[:-1].rindex(b" ") + cut
    with pytest.raises(ReadError, match=r"a\.ply: not a readable PLY file"):
        read(tmp_path, content[:-cut])


def test_absurd_row_counts_do_not_allocate(tmp_path, encoding):
    with pytest.raises(ReadError, match="not a readable PLY file"):
        read(tmp_path, ply_bytes(encoding, promised=10**15))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"solid", "the first line is not 'ply'"),
        (b"ply\nformat ascii 1.0\nelement vertex 3\n", "the header has no end"),
        (b"ply\nelement vertex 0\nend_header\n", "no format line"),
        (b"ply\nformat ascii 1.0\nelement vertex -3\nend_header\n", "unknown header line 'element vertex -3'"),
        (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty half x\nend_header\n1\n", "half"),
        (b"ply\nformat ascii 1.0\nproperty float x\nend_header\n", "not a readable PLY"),
        (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\nabc\n", "abc"),
    ],
)
def test_broken_headers_and_rows(tmp_path, content, message):
    with pytest.raises(ReadError, match=message):
        read(tmp_path, content)


def test_windows_line_ends(tmp_path):
    content = b"ply\r\nformat ascii 1.0\r\nelement vertex 2\r\nproperty float x\r\nend_header\r\n1\r\n2\r\n"
    assert read(tmp_path, content)["vertex"]["x"].tolist() == [1, 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip_to_the_bit(tmp_path, dtype):
    column = np.random.default_rng(0).normal(size=5).astype(dtype)
    faces = np.array([[0, 1, 2], [2, 3, 4]], np.int32)
    path = tmp_path / "b.ply"
    write_ply(path, {"vertex": {"x": column}, "face": {"vertex_indices": faces}})
    elements = read_ply(path)
    assert elements["vertex"]["x"].dtype == dtype
    assert np.array_equal(elements["vertex"]["x"], column)
    assert np.array_equal(elements["face"]["vertex_indices"].values.reshape(-1, 3), faces)


@pytest.mark.parametrize(
    ("kind", "count", "message"),
    [
        ("int", b"\xff\xff\xff\xff", "a list vertex_indices of -1 entries"),
        ("int", b"\x00\x94\x35\x77", "face ends after 0 of 1 rows"),
        ("uint", b"\x00\x28\x6b\xee", "face ends after 0 of 1 rows"),
        ("float", b"\xca\xf2\x49\x71", "unknown type 'list float int'"),
    ],
)
def test_lists_longer_than_the_file_take_no_memory(tmp_path, kind, count, message):
    content = ply_bytes("binary_little_endian", faces=[(0, 1, 2)])
    content = content.replace(b"list uchar", b"list " + kind.encode())
    with pytest.raises(ReadError, match=message):
        read(tmp_path, content[:-13] + count + content[-12:])


def test_rows_of_nothing_are_nothing(tmp_path, encoding):
    header = (
        f"ply\nformat {encoding} 1.0\nelement spare 1000000000000\nelement vertex 0\nproperty float x\nend_header\n"
    )
    elements = read(tmp_path, header.encode())
    assert elements["spare"] == {}
    assert len(elements["vertex"]["x"]) == 0


@pytest.mark.parametrize("block", [1, 3, 7])
def test_rows_written_in_blocks_are_the_same_file(tmp_path, monkeypatch, block):
    vertices = {"x": np.arange(7.0), "label": np.arange(7, dtype=np.uint8)}
    faces = {"vertex_indices": np.arange(15, dtype=np.int32).reshape(5, 3)}
    write_ply(tmp_path / "whole.ply", {"vertex": vertices, "face": faces})
    monkeypatch.setattr(ply_elements, "_BLOCK", block)
    write_ply(tmp_path / "parts.ply", {"vertex": vertices, "face": faces})
    assert (tmp_path / "parts.ply").read_bytes() == (tmp_path / "whole.ply").read_bytes()
