"""Pictures of shapes and runs; once imported, results show themselves as pictures in a notebook."""

from diffshape.report import notebook as notebook
from diffshape.report.gallery import gallery
from diffshape.report.landmark_overlay import landmark_overlay
from diffshape.report.png import encode_png, write_png
from diffshape.report.preview import preview
from diffshape.report.shape_space import completion_strip, interpolation_strip
from diffshape.report.strip import shape_strip

__all__ = [
    "completion_strip",
    "encode_png",
    "gallery",
    "interpolation_strip",
    "landmark_overlay",
    "preview",
    "shape_strip",
    "write_png",
]


def __dir__() -> list[str]:
    return __all__
