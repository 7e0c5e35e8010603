"""Pictures in a row as an animated GIF or as an MP4 film."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from diffshape._files import atomic_path

ENDINGS = (".gif", ".mp4")
"""Endings of the files that can be written."""
_COLORS = 255
_LOOKED_AT = 50_000
"""Number of different colours from which the palette is made."""


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

    All pictures of a GIF have one palette of 255 colours, so that what does not move does not flicker. Pictures that
    are alike, one after the other, are stored as one that is shown longer.
    """
    with atomic_path(path) as temporary:
        if temporary.suffix.lower() == ".gif":
            _write_gif(temporary, frames, seconds)
        else:
            _write_mp4(temporary, frames, seconds)


def _write_gif(path: Path, frames: Sequence[UInt8[np.ndarray, "h w 3"]], seconds: float) -> None:
    palette = _palette(frames)
    drawn = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    duration = max(20, 10 * round(100 * seconds / len(frames)))  # GIF counts hundredths of a second, given in ms
    drawn[0].save(path, "GIF", save_all=True, append_images=drawn[1:], duration=duration, loop=0, optimize=False)


def _palette(frames: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Image.Image:
    """A palette of the colours of all pictures, each counted once, so that rare ones are not lost."""
    colors = np.unique(np.concatenate([np.unique(frame.reshape(-1, 3), axis=0) for frame in frames]), axis=0)
    chosen = colors[:: -(-len(colors) // _LOOKED_AT)]
    return Image.fromarray(chosen[None]).quantize(_COLORS, method=Image.Quantize.MEDIANCUT)


def _write_mp4(path: Path, frames: Sequence[UInt8[np.ndarray, "h w 3"]], seconds: float) -> None:
    import imageio.v3  # type: ignore[import-not-found]

    height, width = (side + side % 2 for side in frames[0].shape[:2])  # the colours of H.264 have half the resolution
    even = [np.pad(each, ((0, height - each.shape[0]), (0, width - each.shape[1]), (0, 0)), "edge") for each in frames]
    rate = len(frames) / seconds
    imageio.v3.imwrite(
        path, np.stack(even), plugin="FFMPEG", fps=rate, codec="libx264", macro_block_size=2, ffmpeg_log_level="error"
    )
