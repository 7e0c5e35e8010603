"""Small whole files of every format of points, for tests that damage them: suffix -> what makes the bytes of one."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from diffshape.data import write_mesh, write_points

POINTS = np.round(np.random.default_rng(0).normal(size=(12, 3)), 4)
NORMALS = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)
COLORS = np.random.default_rng(1).integers(0, 256, (12, 3)).astype(np.uint8)


def rows(*columns, separator: str = " ") -> str:
    """Rows of text."""
    return "".join(separator.join(f"{number:g}" for number in row) + "\n" for row in np.hstack(columns))


def written(suffix: str) -> bytes:
    """What write_points makes of the cloud with normals and attributes."""
    with TemporaryDirectory() as folder:
        path = Path(folder, f"a{suffix}")
        attributes = {} if suffix in (".npy", ".xyzn") else {"colors": COLORS, "intensity": np.arange(12.0)}
        write_points(path, POINTS, normals=NORMALS, attributes=attributes or None)
        return path.read_bytes()


def pcd(data: str) -> bytes:
    """PCD of the Point Cloud Library's layout: colours packed into a float, a field of two numbers, padding."""
    kinds = {"x": "<f4", "y": "<f4", "z": "<f4", "_": "u1", "rgb": "<f4", "pair": ("<i2", 2)}
    table = np.zeros(12, [(name, *([kind] if isinstance(kind, str) else kind)) for name, kind in kinds.items()])
    table["x"], table["y"], table["z"] = POINTS.T
    table["pair"] = np.arange(24).reshape(12, 2)
    table["rgb"] = (COLORS @ np.array([65536, 256, 1])).astype("<u4").view("<f4")
    head = (
        "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z _ rgb pair\nSIZE 4 4 4 1 4 2\nTYPE F F F U F I\nCOUNT 1 1 1 1 1 2\n"
        f"WIDTH 12\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 12\nDATA {data}\n"
    ).encode()
    if data == "ascii":
        lines = [
            " ".join(
                f"{value!r}" for value in (*map(float, row.item()[:3]), int(row[3]), float(row[4]), *map(int, row[5]))
            )
            for row in table
        ]
        return head + "\n".join(lines).encode() + b"\n"
    if data == "binary":
        return head + table.tobytes()
    plain = b"".join(np.ascontiguousarray(table[name]).tobytes() for name in kinds)
    packed = packed_lzf(plain)
    return head + len(packed).to_bytes(4, "little") + len(plain).to_bytes(4, "little") + packed


def packed_lzf(plain: bytes) -> bytes:
    """LZF that copies single repeated bytes and takes all else as it is."""
    packed, place = bytearray(), 0
    while place < len(plain):
        run = 1
        while run < 264 and plain[place : place + run + 1] == plain[place : place + 1] * (run + 1):
            run += 1
        packed += bytes([0, plain[place]])
        place += 1
        if run > 3:
            length = run - 1 - 2
            packed += bytes([length << 5, 0]) if length < 7 else bytes([7 << 5, length - 7, 0])
            place += run - 1
    return bytes(packed)


def ptx() -> bytes:
    """Two scans of 3 x 2 rays, the second one turned and moved."""
    turned = "0 1 0 0\n-1 0 0 0\n0 0 1 0\n10 20 30 1\n"
    still = "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n"
    axes = "0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
    half = np.full((6, 1), 0.5)
    first = np.where(np.arange(6)[:, None] == 2, 0.0, POINTS[:6])
    scans = [(still, first, COLORS[:6]), (turned, POINTS[6:], COLORS[6:])]
    return "".join(f"3\n2\n{axes}{matrix}{rows(points, half, colors)}" for matrix, points, colors in scans).encode()


def las(suffix: str) -> bytes:
    """LAS or LAZ of point format 3, with intensity and colours; needs laspy."""
    import laspy

    file = laspy.create(point_format=3, file_version="1.2")
    file.header.scales = [1e-4] * 3
    file.x, file.y, file.z = POINTS.T
    file.intensity = np.arange(12, dtype=np.uint16)
    file.red, file.green, file.blue = COLORS.T.astype(np.uint16) * 257
    stream = io.BytesIO()
    file.write(stream, do_compress=suffix == ".laz")
    return stream.getvalue()


def e57() -> bytes:
    """E57 of one scan whose pose moves it by (1, 2, 3); needs pye57."""
    import pye57

    with TemporaryDirectory() as folder:
        path = Path(folder, "a.e57")
        file = pye57.E57(str(path), mode="w")
        columns = dict(zip(("cartesianX", "cartesianY", "cartesianZ"), POINTS.T))
        columns |= zip(("colorRed", "colorGreen", "colorBlue"), COLORS.T)
        file.write_scan_raw({**columns, "intensity": np.arange(12.0) / 12}, translation=np.array([1.0, 2.0, 3.0]))
        file.close()
        return path.read_bytes()


def glb() -> bytes:
    """GLB of points alone, with colours."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.glb")
        write_mesh(path, POINTS, np.arange(12).reshape(-1, 3), attributes={"colors": COLORS})
        data = path.read_bytes()
    length = int.from_bytes(data[12:16], "little")
    description = json.loads(data[20 : 20 + length])
    primitive = description["meshes"][0]["primitives"][0]
    del primitive["indices"]
    primitive["mode"] = 0
    text = json.dumps(description, separators=(",", ":")).encode().ljust(length)
    return data[:20] + text + data[20 + length :]


GRID = "ncols 3\nnrows 4\nxllcorner 500000\nyllcorner 4500000\ncellsize 10\nNODATA_value -9999\n"
SEEDS: dict[str, Callable[[], bytes]] = {
    ".xyz": lambda: ("12\nremark\n" + rows(POINTS)).encode(),
    ".txt": lambda: ("# id x y z label\n" + rows(np.arange(12)[:, None], POINTS).replace("\n", " wall\n")).encode(),
    ".csv": lambda: (",X (m),Y (m),Z (m)\n" + rows(np.arange(12)[:, None], POINTS, separator=",")).encode(),
    ".pts": lambda: ("6\n" + rows(POINTS[:6], COLORS[:6]) + "6\n" + rows(POINTS[6:], COLORS[6:])).encode(),
    ".asc": lambda: (GRID + rows(np.arange(12.0).reshape(4, 3))).encode(),
    ".xyzn": lambda: rows(POINTS, NORMALS).encode(),
    ".xyzrgb": lambda: rows(POINTS, COLORS / 255).encode(),
    ".npy": lambda: written(".npy"),
    ".npz": lambda: written(".npz"),
    ".pcd": lambda: written(".pcd"),
    ".ptx": ptx,
    ".las": lambda: las(".las"),
    ".laz": lambda: las(".laz"),
    ".e57": e57,
}
"""One whole file of each suffix."""
OTHER_SEEDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "decimal comma": (".csv", lambda: rows(POINTS, separator=";").replace(".", ",").encode()),
    "utf-16": (".csv", lambda: ("x,y,z\n" + rows(POINTS, separator=",")).encode("utf-16")),
    "elements": (
        ".xyz",
        lambda: ("12\nwater\n" + "".join(f"C {line}\n" for line in rows(POINTS).splitlines())).encode(),
    ),
    "pcd ascii": (".pcd", lambda: pcd("ascii")),
    "pcd binary": (".pcd", lambda: pcd("binary")),
    "pcd compressed": (".pcd", lambda: pcd("binary_compressed")),
}
"""More of them, by what they show: suffix and maker."""
