"""Pictures in a row as an animated GIF or as an MP4 film."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import KDTree

from diffshape._files import atomic_path

ENDINGS = (".gif", ".mp4")
"""Endings of the files that can be written."""
_COLORS = 255
"""Number of colours of a palette beside that of the background."""
_COPIES, _REFINEMENTS = 200_000, 3


def check_film(path: str | os.PathLike[str], *, name: str) -> None:
    """Say before the work begins that a film cannot be written.

    Raises:
        ValueError: The path ends in neither ``.gif`` nor ``.mp4``.
        ImportError: It ends in ``.mp4``, and the extra ``video`` is not installed.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{name} must end in .gif or .mp4, got {str(path)!r}")
    if ending == ".mp4":
        try:
            import imageio.v3  # type: ignore[import-not-found]  # noqa: F401
            import imageio_ffmpeg  # type: ignore[import-not-found]  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"{name}: MP4 is written by ffmpeg; pip install 'imageio[ffmpeg]', or let the path end in .gif"
            ) from error


def write_film(path: str | os.PathLike[str], frames: Sequence[UInt8[np.ndarray, "h w 3"]], *, seconds: float) -> None:
    """Write pictures of one size as a film that lasts ``seconds``; a GIF begins again at its end, for ever.

    All pictures of a GIF have one palette of 256 colours, so that what does not move does not flicker. Pictures that
    are alike, one after the other, are stored as one that is shown longer.
    """
    with atomic_path(path) as temporary:
        if temporary.suffix.lower() == ".gif":
            _write_gif(temporary, frames, seconds)
        else:
            _write_mp4(temporary, frames, seconds)


def _write_gif(path: Path, frames: Sequence[UInt8[np.ndarray, "h w 3"]], seconds: float) -> None:
    codes = [frame.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32) for frame in frames]
    known, counts = np.unique(np.concatenate([code.ravel() for code in codes]), return_counts=True)
    colors = np.stack([np.right_shift(known, bits) for bits in (16, 8, 0)], axis=-1).astype(np.uint8)
    palette = _palette(colors, counts)
    nearest = np.asarray(KDTree(palette).query(colors)[1], np.uint8)
    drawn = [Image.fromarray(nearest[np.searchsorted(known, code)]) for code in codes]
    for picture in drawn:
        picture.putpalette(palette.tobytes())
    duration = max(20, 10 * round(100 * seconds / len(frames)))  # GIF counts hundredths of a second, given in ms
    drawn[0].save(path, "GIF", save_all=True, append_images=drawn[1:], duration=duration, loop=0, optimize=False)


def _palette(colors: UInt8[np.ndarray, "n 3"], counts: NDArray[np.integer]) -> UInt8[np.ndarray, "256 3"]:
    """The most frequent colour, which is the background, and 255 more, weighted by the root of their frequency."""
    if len(colors) > _COLORS:
        weights = np.sqrt(counts)
        copies = np.maximum(1, _COPIES * weights / weights.sum()).round().astype(int)
        every = Image.fromarray(np.repeat(colors, copies, axis=0)[None]).quantize(
            _COLORS, method=Image.Quantize.MEDIANCUT, kmeans=_REFINEMENTS
        )
        chosen = np.array(every.getpalette(), np.uint8).reshape(-1, 3)[:_COLORS]
    else:
        chosen = colors
    whole = np.concatenate([colors[counts.argmax()][None], chosen])
    return np.pad(whole, ((0, _COLORS + 1 - len(whole)), (0, 0)), "edge")


def _write_mp4(path: Path, frames: Sequence[UInt8[np.ndarray, "h w 3"]], seconds: float) -> None:
    import imageio.v3  # type: ignore[import-not-found]

    height, width = (side + side % 2 for side in frames[0].shape[:2])  # the colours of H.264 have half the resolution
    even = [np.pad(each, ((0, height - each.shape[0]), (0, width - each.shape[1]), (0, 0)), "edge") for each in frames]
    rate = len(frames) / seconds
    imageio.v3.imwrite(
        path, np.stack(even), plugin="FFMPEG", fps=rate, codec="libx264", macro_block_size=2, ffmpeg_log_level="error"
    )
