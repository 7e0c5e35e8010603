"""Score of generators on the command line: as many samples as there are test shapes, compared with these."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffshape.data import ShapeSet


def score_samples(
    folder: Path, model: Any, settings: Any, learn: "ShapeSet", test: "ShapeSet"
) -> tuple[str, dict[str, Any]]:
    """Scores of samples, and of training shapes as a perfect generator would give, by Chamfer distances."""
    from diffshape.metrics import compare_sets

    learnt, references = (shapes.require("points", by="diffshape train")[0] for shapes in (learn, test))
    samples = model.sample(len(references), seed=settings.seed)
    rows = {"samples": samples, "training shapes": learnt[: len(references)]}
    scores = {title: compare_sets(clouds, references, distances=("chamfer",)) for title, clouds in rows.items()}
    text = "\n".join(f"{title + ' against test shapes:':38}{score}" for title, score in scores.items())
    return text, {"score": {title.replace(" ", "_"): score.to_dict() for title, score in scores.items()}}
