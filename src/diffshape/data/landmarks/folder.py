"""Images with a CSV file of points beside each, as the BUU-LSPINE data set has them.

A row is an end-plate, ``x1,y1,x2,y2`` and anything after (there, a label), left end first, in pixels of the image, from
top to bottom: two rows a vertebra, and from the side one more for S1. So 10 rows are the 20 landmarks of L1 to L5 from
the front, 11 rows the 22 from the side; other numbers of vertebrae work alike. An end that is empty or "nan" is masked.
Source: Klinwichit et al., BUU-LSPINE, Applied Sciences 2023, 13(15), 8646.
"""

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_side, check_whole
from diffshape.data.arrays import ReadError
from diffshape.data.formats.pictures import read_gray
from diffshape.data.formats.text.encoding import open_text
from diffshape.data.landmarks.images import LandmarkImages
from diffshape.ops.landmarks.skeleton import Skeleton

_MOST = 1000
"""Largest number of landmarks of a spine."""
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".npy")


@checked
def read_landmark_folder(
    folder: str | Path, *, size: tuple[int, int] = (256, 256), spacing: float | None = None
) -> LandmarkImages:
    """Read every image that has a CSV file of its name beside it, scaled to fit into one size.

    Grey values become 0 to 1: bytes by 255, floats as they are, wider integers by the largest number of 8, 10, 12, 14
    or all their bits, whichever is the least that holds every such image of the folder. So the 12 bits of a scanner
    that come in 16 fill the range, and one folder has one brightness.

    Args:
        folder: Folder of ``name.png`` (or JPEG, TIFF, BMP, NPY) and ``name.csv``.
        size: (H, W) that each image is scaled to fit into, kept in proportion, at the upper left; the rest is black.
        spacing: Millimetres a pixel of the files, for errors in mm; ``None`` for errors in pixels of the files.

    Returns:
        ``LandmarkImages`` in pixels of the scaled images. Masked are landmarks without numbers or outside the image.

    Raises:
        FileNotFoundError: There is no such folder.
        ReadError: No image has points, a file cannot be read, or the numbers of rows differ.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder", str(folder))
    for side in size:
        check_side("read_landmark_folder: size", side, 100)
    if spacing is not None:
        check_number("read_landmark_folder: spacing", spacing, 0, above=True)
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    paths = [path for path in paths if path.with_suffix(".csv").is_file()]
    if not paths:
        raise ReadError(
            f"{folder}: no image ({', '.join(IMAGE_SUFFIXES)}) has a CSV file of points of its name beside it"
        )
    points = [read_points_csv(path.with_suffix(".csv")) for path in paths]
    for path, each in zip(paths, points):
        if len(each) != len(points[0]):
            raise ReadError(
                f"{path.with_suffix('.csv')}: {len(each) // 2} rows, but {paths[0].with_suffix('.csv').name} has "
                f"{len(points[0]) // 2}; give every image the same rows, empty where it does not show a vertebra"
            )
    fitted = [_read_fitted(path, size) for path in paths]
    images = [each.image / _white(each.kind, fitted) for each in fitted]
    scales, limits = [each.scale for each in fitted], [each.limits for each in fitted]
    landmarks, scales = torch.stack(points), torch.tensor(scales, dtype=torch.float64)
    mask = ((landmarks >= -0.5) & (landmarks < torch.tensor(limits)[:, None] - 0.5)).all(-1)  # False for NaN
    landmarks = (landmarks + 0.5) * scales[:, None] - 0.5
    return LandmarkImages(
        images=torch.stack(images),
        landmarks=torch.where(mask[..., None], landmarks, 0).float(),
        mask=mask,
        spacing=(float(spacing or 1.0) / scales.mean(-1)).float(),
        unit="px" if spacing is None else "mm",
        skeleton=skeleton_of(len(points[0])),
    )


@checked
def skeleton_of(landmarks: int) -> Skeleton:
    """The spine with this number of landmarks: four a vertebra, and two more if it is seen from the side.

    >>> skeleton_of(22) == Skeleton.lateral(), skeleton_of(16) == Skeleton.anteroposterior(4)
    (True, True)
    """
    check_whole("skeleton_of: landmarks", landmarks, 4, _MOST)
    if landmarks % 2:
        raise ValueError(f"skeleton_of: landmarks must be an even number, got {landmarks}")
    vertebrae = landmarks // 4
    return Skeleton.lateral(vertebrae) if landmarks % 4 else Skeleton.anteroposterior(vertebrae)


def read_points_csv(path: str | Path) -> Float[Tensor, "k 2"]:
    """The points of one image, two a row, NaN where there is none; a first line of names is left out.

    Raises:
        ReadError: A row has fewer than four columns or something that is no number, or there are too few rows.
    """
    path = Path(path)
    try:
        with open_text(path, newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ReadError(f"{path}: not a CSV file of points; save it again with x1,y1,x2,y2 in each row") from error
    if rows and _is_header(rows[0]):
        rows = rows[1:]
    points = []
    for number, row in enumerate(rows, start=1):
        if len(row) < 4 or not all(_is_number(cell) for cell in row[:4]):
            raise ReadError(f"{path}: row {number} must begin x1,y1,x2,y2, got {','.join(row)[:60]!r}")
        x1, y1, x2, y2 = (float(cell.strip() or "nan") for cell in row[:4])
        points += [(x1, y1), (x2, y2)]
    if len(points) < 4:
        raise ReadError(f"{path}: {len(rows)} rows of points; a vertebra takes two, x1,y1,x2,y2 each")
    return torch.tensor(points, dtype=torch.float64)


def _is_header(row: list[str]) -> bool:
    """Whether the cells that could be a point are names, all of them."""
    return bool(row) and not any(_is_number(cell) for cell in row[:4])


def _is_number(cell: str) -> bool:
    try:
        return "_" not in cell and float(cell.strip() or "nan") is not None
    except ValueError:
        return False


class _Fitted(NamedTuple):
    """An image scaled to fit, in the numbers of its file."""

    image: Float[Tensor, "1 h w"]
    kind: np.dtype[Any]
    largest: float
    scale: tuple[float, float]
    """Scale factors in x and y, which differ slightly, as sizes are whole pixels."""
    limits: tuple[int, int]
    """Width and height of the image in its file."""


def _white(kind: np.dtype[Any], images: list[_Fitted]) -> float:
    """The number that counts as 1 in images of a type: of integers wider than a byte, the least usual one above all."""
    if kind.kind not in "iu":
        return 1.0
    largest = max(each.largest for each in images if each.kind == kind)
    bits = [] if kind.itemsize == 1 else [255, 1023, 4095, 16383]
    return float(next((number for number in bits if largest <= number), np.iinfo(kind).max))


def _read_fitted(path: Path, size: tuple[int, int]) -> _Fitted:
    pixels = read_gray(path)
    image = torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32))
    scale = min(size[0] / image.shape[0], size[1] / image.shape[1])
    height, width = (max(1, round(scale * side)) for side in image.shape)
    scaled = torch.nn.functional.interpolate(
        image[None, None], (height, width), mode="bilinear", antialias=scale < 1, align_corners=False
    )[0]
    padded = torch.nn.functional.pad(scaled, (0, size[1] - width, 0, size[0] - height))
    limits = (image.shape[1], image.shape[0])
    return _Fitted(padded, pixels.dtype, float(pixels.max()), (width / limits[0], height / limits[1]), limits)
