"""Pictures of shapes and runs."""

from diffshape.report.gallery import gallery
from diffshape.report.png import encode_png, write_png
from diffshape.report.preview import preview

__all__ = ["encode_png", "gallery", "preview", "write_png"]
