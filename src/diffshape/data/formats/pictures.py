"""Grey pictures as arrays, of any format that Pillow reads, and of NPY files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import read_array


def read_gray(path: Path) -> NDArray[Any]:
    """The numbers of a grey image, (H, W), in the type of the file; colours become grey.

    Raises:
        ReadError: The file cannot be read, or is not such an image.
    """
    pixels = read_array(path) if path.suffix.lower() == ".npy" else _picture(path)
    if pixels.ndim != 2 or 0 in pixels.shape or pixels.dtype.kind not in "fiub":
        raise ReadError(f"{path}: must be a grey image of shape (H, W), got {pixels.dtype}, {pixels.shape}")
    return pixels


def _picture(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I"):
                return np.asarray(image).astype(np.uint16)
            return np.asarray(image.convert("L"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ReadError(f"{path}: cannot be read as an image: {error}") from error
