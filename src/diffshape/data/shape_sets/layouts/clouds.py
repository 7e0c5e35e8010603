"""Clouds of latent_3d_points: folders of PLY files without faces, one for each class.

Their points lie in a ball of diameter 1 about 0 and are read as they are. Source: Achlioptas et al., Learning
Representations and Generative Models for 3D Point Clouds, ICML 2018, and the data of its released code.
"""

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from diffshape.data.arrays import ReadError
from diffshape.data.formats.mesh_formats import read_polygons
from diffshape.data.points import read_points
from diffshape.data.shape_sets.layouts.layout import Found, Layout, OneShape, Wanted, drawn_rows, name_in


def first_has_faces(paths: Sequence[Path]) -> bool | None:
    """Whether the first mesh file that can be read has faces; None: none can be read."""
    for path in paths:
        with contextlib.suppress(ReadError, OSError):
            return read_polygons(path).has_faces
    return None


def _select(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() == ".ply"]


def _recognises(paths: list[Path]) -> bool:
    return first_has_faces(paths) is False


def _find(base: Path, paths: list[Path]) -> Found:
    return Found({path.stem if path == base else name_in(base, path): partial(_read, path) for path in paths})


def _read(path: Path, wanted: Wanted, generator: torch.Generator) -> OneShape:
    cloud = read_points(path)
    if not wanted.points:
        return OneShape({}, cloud.notes)
    try:
        which = drawn_rows(len(cloud), wanted.points, generator, what="points").numpy()
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from error
    parts = {"points": torch.from_numpy(cloud.points[which]).float()}
    if cloud.normals is not None and (cloud.normals != 0).any(axis=1).all():
        parts["normals"] = torch.from_numpy(cloud.normals[which]).float()
    return OneShape(parts, cloud.notes)


LATENT_3D_POINTS = Layout("latent-3d-points", "PLY files of points without faces", _select, _recognises, _find)
"""Folders of PLY clouds by class."""
