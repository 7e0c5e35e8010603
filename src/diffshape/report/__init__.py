"""Pictures and reports of shapes and runs; once imported, results show themselves as pictures in a notebook."""

from diffshape.report import notebook as notebook
from diffshape.report.comparison.pictures import comparison_grid
from diffshape.report.comparison.row import ComparisonRow
from diffshape.report.comparison.table import ComparisonMean, ComparisonTable, read_comparison
from diffshape.report.pictures.answer_grid import answer_grid
from diffshape.report.pictures.cleaning_strip import cleaning_strip
from diffshape.report.pictures.error_colors import error_mesh, error_strip
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.landmark_overlay import landmark_overlay
from diffshape.report.pictures.level_sets import level_set_figure
from diffshape.report.pictures.png import encode_png, write_png
from diffshape.report.pictures.preview import preview
from diffshape.report.pictures.shape_space import completion_strip, interpolation_strip
from diffshape.report.pictures.strip import shape_strip
from diffshape.report.pictures.training_curves import training_curves
from diffshape.report.pictures.turntable import turntable
from diffshape.report.reports import write_report
from diffshape.report.viewer.opening import view
from diffshape.report.viewer.viewer import Viewer

__all__ = [
    "ComparisonMean",
    "ComparisonRow",
    "ComparisonTable",
    "Viewer",
    "answer_grid",
    "cleaning_strip",
    "comparison_grid",
    "completion_strip",
    "encode_png",
    "error_mesh",
    "error_strip",
    "gallery",
    "interpolation_strip",
    "landmark_overlay",
    "level_set_figure",
    "preview",
    "read_comparison",
    "shape_strip",
    "training_curves",
    "turntable",
    "view",
    "write_png",
    "write_report",
]


def __dir__() -> list[str]:
    return __all__
