"""Score and picture of every ``diffshape train`` whose model gives surfaces."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffshape.data import ShapeSet
    from diffshape.models.surface_model import SurfaceModel

_SHOWN = 4
"""Test shapes in the picture."""
_SIZE = 180
"""Side of a panel of the picture in pixels."""
SURFACE_FILES = {
    "model/": "the networks, for diffshape.models.load",
    "shapes.png": "test shapes: points of the true ones, and the surfaces that were decoded",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}
"""Files of the run folder, and what each is."""


def surface_score(
    folder: Path, model: "SurfaceModel", settings: Any, learn: "ShapeSet", test: "ShapeSet"
) -> tuple[str, dict[str, Any]]:
    """Score the model on the test shapes, and draw some of them: what to say, and what to keep."""
    from diffshape.models.occupancy.score import score_occupancy
    from diffshape.report import shape_strip

    score = score_occupancy(model, test)
    few = test[:_SHOWN]
    (points,) = few.require("points", by="train")
    meshes = model.decode_codes(model.codes_of(few))
    panels = [panel for pair in zip(points, meshes) for panel in (("true", pair[0]), ("decoded", tuple(pair[1])))]
    shape_strip(panels, path=folder / "shapes.png", size=_SIZE, up="y")
    return str(score), {"tested": list(test.names), "score": score.to_dict()}
