"""Pictures of shapes and runs."""

from diffshape.report.gallery import gallery
from diffshape.report.landmark_overlay import landmark_overlay
from diffshape.report.png import encode_png, write_png
from diffshape.report.preview import preview

__all__ = ["encode_png", "gallery", "landmark_overlay", "preview", "write_png"]
