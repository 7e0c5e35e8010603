"""Pictures as PNG files, by Pillow."""

import errno
import io
import os
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from diffshape._arguments import checked
from diffshape._files import atomic_path


@checked
def encode_png(image: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """An RGB picture as the bytes of a PNG file.

    Raises:
        ValueError: ``image`` is not uint8 of shape (H, W, 3) with H, W >= 1.

    >>> encode_png(np.zeros((2, 3, 3), np.uint8))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"encode_png: image must be uint8 of shape (H, W, 3), got {image.shape} {image.dtype}")
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "PNG")
    return buffer.getvalue()


@checked
def write_png(path: str | os.PathLike[str], image: UInt8[np.ndarray, "h w 3"]) -> None:
    """Write an RGB picture, whole or not at all: beside its place, then renamed into it.

    Raises:
        ValueError: As ``encode_png``.
        OSError: The folder is missing or cannot be written to.
    """
    data = encode_png(image)
    folder = Path(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
