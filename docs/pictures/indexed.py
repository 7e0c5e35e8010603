"""PNG of few colours, which has less than half the size."""

from pathlib import Path

import numpy as np
from PIL import Image

COLORS = 256


def write_indexed(picture: np.ndarray, path: Path) -> None:
    """Write a picture (H, W, 3), uint8."""
    Image.fromarray(picture).quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
