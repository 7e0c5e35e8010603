"""Pictures of what the model of a training makes: new shapes, blends, completions, reconstructions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.data import Mesh, ShapeSet, simulate_scan
from diffshape.data.up import Up
from diffshape.models.trained_family import TrainedFamily, made_shapes, read_family
from diffshape.models.trainings import training_of
from diffshape.ops import visible_from
from diffshape.report.pictures.strip import shape_strip
from diffshape.training.run_folder import RunFolder

SAMPLES, BETWEEN, TESTED = 12, 6, 3
"""Number of new shapes, of shapes from one to another, and of test shapes that are drawn."""
COLUMNS, SIZE = 6, 150
"""Shapes in a row of a picture, and the side of each in pixels."""
_CODED = 40
"""Largest number of test shapes of which the two that are farthest apart are taken."""
_SURFACE_POINTS, _SEEN_POINTS = 20_000, 500
"""Points that are drawn on a test shape, and the largest number of them that a camera sees."""
_CELL, _SLACK = 0.02, 0.05
"""Width of a pixel of that camera, and the depth behind the nearest point at which points are seen, in sides of the
shape."""


def draw_made_shapes(run: Path) -> list[str]:
    """Draw what the model of a finished training makes into its folder, as far as that is not drawn yet.

    Args:
        run: Run folder of a training. That of a network for landmarks or of a scan prior makes no shapes.

    Returns:
        Names of the pictures that were drawn, some of "samples.png", "interpolation.png", "completions.png" and
        "reconstructions.png".

    Raises:
        ValueError: The model, or the shapes that it was tested on, cannot be read.
        OSError: A picture cannot be written.
    """
    missing = {name: maker for name, maker in _MAKERS.items() if not (run / name).is_file()}
    if not missing or RunFolder(run).kind in ("train landmarks", "train scan-prior", "train psgn"):
        return []
    family = read_family(run)
    tested = _tested_shapes(family)
    return [name for name, maker in missing.items() if _drawn(run / name, maker(family, tested), family.up)]


def _tested_shapes(family: TrainedFamily) -> Any:
    """The shapes that the model was tested on, a ``ShapeSet`` or meshes by name; None if they are in no file."""
    if family.settings is None or family.settings.data is None:
        return None
    _, test = training_of(family.settings.VERB).examples(family.settings.data, seed=family.settings.seed)
    return getattr(test, "shapes", test)


Panels = list[tuple[str, Any]]
"""Captions and shapes, clouds or meshes."""


def _samples(family: TrainedFamily, tested: Any) -> Panels:
    if not hasattr(family.model, "sample") or not getattr(family.model, "is_variational", True):
        return []
    shapes = made_shapes(family.model.sample(SAMPLES), by=str(family.folder))
    return [(f"sample {number}", shape) for number, shape in enumerate(shapes)]


def _interpolation(family: TrainedFamily, tested: Any) -> Panels:
    """Shapes between those two whose codes are farthest apart; none where the training has drawn some itself."""
    model = family.model
    if not hasattr(model, "interpolate") or (family.folder / "strip.png").is_file():
        return []
    if hasattr(model, "codes"):
        codes = model.codes
    elif isinstance(tested, ShapeSet) and hasattr(model, "codes_of"):
        codes = model.codes_of(tested[:_CODED])
    elif hasattr(model, "draw_codes"):
        codes = model.draw_codes(_CODED)
    else:
        return []
    first, last = divmod(int((codes[:, None] - codes).norm(dim=-1).argmax()), len(codes))
    shapes = model.decode_codes(model.interpolate(codes[first], codes[last], BETWEEN))
    captions = ["one shape", *(f"{100 * step // (BETWEEN - 1)} %" for step in range(1, BETWEEN - 1)), "another"]
    return list(zip(captions, made_shapes(shapes, by=str(family.folder))))


def _completions(family: TrainedFamily, tested: Any) -> Panels:
    """Of a few test shapes: the points that one camera sees, the whole made of them, and the truth."""
    if not hasattr(family.model, "complete") or tested is None:
        return []
    panels: Panels = []
    for truth in _few_truths(tested):
        points = torch.from_numpy(simulate_scan(truth, _SURFACE_POINTS)) if isinstance(truth, Mesh) else truth
        seen = seen_from_one_side(points.float(), family.up)
        panels += [("seen", seen), ("completed", family.model.complete(seen)), ("true", truth)]
    return panels


def _reconstructions(family: TrainedFamily, tested: Any) -> Panels:
    """A few test shapes, and what is decoded from their codes; none where the training has drawn them itself."""
    if not isinstance(tested, ShapeSet) or hasattr(family.model, "sample") or (family.folder / "shapes.png").is_file():
        return []
    few = tested[:TESTED]
    made = made_shapes(family.model.decode_codes(family.model.codes_of(few)), by=str(family.folder))
    return [panel for truth, shape in zip(_few_truths(few), made) for panel in (("true", truth), ("decoded", shape))]


_MAKERS: Mapping[str, Callable[[TrainedFamily, Any], Panels]] = MappingProxyType(
    {
        "samples.png": _samples,
        "interpolation.png": _interpolation,
        "completions.png": _completions,
        "reconstructions.png": _reconstructions,
    }
)


def _few_truths(tested: Any) -> list[Any]:
    """The first test shapes, as meshes or as points."""
    if isinstance(tested, ShapeSet):
        return list(tested[:TESTED].require("points", by="the report of a training")[0].cpu())
    return list(tested.values())[:TESTED]


def seen_from_one_side(points: Float[Tensor, "n 3"], up: Up) -> Float[Tensor, "m 3"]:
    """Points (M, 3), at most 500, of those (N, 3) of a surface that a camera obliquely above sees.

    The surface is nowhere thinner than 0.05 of its longest side, or the other side of it is seen too.
    """
    above = torch.zeros(3).index_fill(0, torch.tensor("xyz".index(up[-1])), -1.0 if up[0] == "-" else 1.0)
    toward = torch.nn.functional.normalize(0.8 * above + 0.5 * above.roll(1) + above.roll(2), dim=0)
    right = torch.nn.functional.normalize(torch.linalg.cross(above, toward), dim=0)
    frame = torch.stack([right, torch.linalg.cross(toward, right), toward])
    side = float((points.amax(0) - points.amin(0)).max())
    seen = points[visible_from(points, frame[None], cell=_CELL * side, slack=_SLACK * side)[0]]
    return seen[torch.randperm(len(seen), generator=torch.Generator().manual_seed(0))[:_SEEN_POINTS]]


def _drawn(path: Path, panels: Panels, up: Up) -> bool:
    """Whether there was anything to draw; what has no surface is left out."""
    full = [(caption, shape) for caption, shape in panels if not isinstance(shape, Mesh) or len(shape.faces)]
    if not full:
        return False
    drawn = [(caption, tuple(shape) if isinstance(shape, Mesh) else shape.detach().cpu()) for caption, shape in full]
    shape_strip(drawn, columns=COLUMNS, path=path, size=SIZE, up=up)
    return True
