"""The metrics of a fit in plain words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from diffshape.report.page.html import Child, Html, element, joined
from diffshape.report.page.table import facts_table


class _Number(NamedTuple):
    """How a metric is shown."""

    title: str
    form: str
    meaning: str


_RESULT = {
    "faces": _Number("triangles", ",", "of the surface"),
    "bodies": _Number("bodies", ",", "connected pieces of the surface"),
    "watertight": _Number("watertight", "", "whether every edge has exactly two triangles, so that there is an inside"),
    "volume": _Number("volume", ".4g", "inside the surface, in units of the input cubed"),
    "steps": _Number("steps", ",", "of the optimiser"),
    "seconds": _Number("time", ".1f", "seconds that the steps took"),
    "resolution": _Number(
        "resolution", ",", "grid nodes along the side of the box in which the surface was looked for"
    ),
}
_SCORE = {
    "chamfer": _Number("mean distance", ".3%", "between the two surfaces, both ways (Chamfer distance); 0 is perfect"),
    "pred_to_truth": _Number("accuracy", ".3%", "mean distance from the surface to the truth"),
    "truth_to_pred": _Number("completeness", ".3%", "mean distance from the truth to the surface"),
    "hausdorff": _Number("largest distance", ".2%", "found between the two surfaces (Hausdorff distance)"),
    "normal_deg": _Number("angle of normals", ".2f", "degrees, mean, between the directions that both surfaces face"),
    "f_score": _Number("F-score", ".4f", "share of both surfaces that lies near the other; 1 is perfect"),
    "iou": _Number("overlap of volumes", ".4f", "intersection over union of both insides; 1 is perfect"),
}
"""Numbers of ``metrics.SurfaceScore``, whose lengths are shares of the truth's longest side."""
_DISTANCES = {
    "f1_near": _Number("F1 near", ".4f", "of inside and outside, at points near the surface; 1 is perfect"),
    "f1_volume": _Number("F1 volume", ".4f", "of inside and outside, at points anywhere in the box; 1 is perfect"),
    "mae_near": _Number("error near", ".5f", "mean absolute error of distances, at points near the surface"),
    "mae_volume": _Number("error volume", ".5f", "mean absolute error of distances, at points anywhere in the box"),
    "iou": _Number("overlap of volumes", ".4f", "intersection over union of both insides; 1 is perfect"),
}
"""Numbers of ``metrics.FieldScore``, where the longest side of the mesh is 2."""


def numbers_of(metrics: Mapping[str, Any]) -> Html:
    """Tables of the content of a metrics.json: the surface, its score, and that of the distances."""
    score, distances = metrics.get("score"), metrics.get("distances")
    result = {name: each for name, each in metrics.items() if metrics.get("steps") or name not in ("steps", "seconds")}
    parts: list[Child] = []
    if score:
        parts += [
            element("h3", "Against the true surface"),
            element("p", "Lengths are per cent of the longest side of the true surface.", class_="note"),
            facts_table(_rows(_SCORE, score)),
        ]
    if distances:
        parts += [
            element("h3", "Distances that the field gives"),
            element("p", "In a frame where the longest side of the mesh is 2.", class_="note"),
            facts_table(_rows(_DISTANCES, distances)),
        ]
    return joined(*parts, element("h3", "The result"), facts_table(_rows(_RESULT, result)))


def score_title(name: str) -> str:
    """What a number of a ``metrics.SurfaceScore`` is called on the page.

    >>> score_title("chamfer")
    'mean distance'
    """
    return _SCORE[name].title


def summary(metrics: Mapping[str, Any]) -> str:
    """What came of a fit, in a sentence or two.

    >>> summary({"faces": 1280, "bodies": 1, "watertight": True, "score": {"chamfer": 0.00125}})
    '1,280 triangles, 1 body, watertight. Mean distance to the true surface: 0.125 % of its longest side.'
    """
    bodies = metrics.get("bodies", 0)
    parts = [f"{metrics.get('faces', 0):,} triangles", "1 body" if bodies == 1 else f"{bodies:,} bodies"]
    parts.append("watertight" if metrics.get("watertight") else "not watertight")
    chamfer = (metrics.get("score") or {}).get("chamfer")
    distance = (
        "" if chamfer is None else f" Mean distance to the true surface: {100 * chamfer:.3f} % of its longest side."
    )
    return f"{', '.join(parts)}.{distance}"


def _rows(numbers: Mapping[str, _Number], values: Mapping[str, Any]) -> list[tuple[Child, Child, Child]]:
    """Rows of those numbers that are known."""
    known = {name: values[name] for name in numbers if values.get(name) is not None}
    return [(numbers[name].title, _shown(numbers[name], value), numbers[name].meaning) for name, value in known.items()]


def _shown(number: _Number, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, number.form).replace("%", " %")
