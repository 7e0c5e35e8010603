"""PNG of few colours, which has less than half the size."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

COLORS = 256


def write_indexed(picture: np.ndarray, file: Path | BinaryIO) -> None:
    """Write a picture (H, W, 3), uint8."""
    indexed = Image.fromarray(picture).quantize(COLORS, dither=Image.Dither.NONE)
    indexed.save(file, format="PNG", optimize=True)
