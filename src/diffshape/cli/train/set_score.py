"""Score of generators on the command line: as many samples as there are test shapes, compared with these."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffshape.data import ShapeSet


def score_samples(
    folder: Path, model: Any, settings: Any, learn: "ShapeSet", test: "ShapeSet"
) -> tuple[str, dict[str, Any]]:
    """Scores of samples, and of training shapes as a perfect generator would give, by Chamfer distances.

    Samples that are meshes without a surface, as codes far from any shape give, are counted and left out.
    """
    from diffshape.metrics import compare_sets

    learnt, references = (shapes.require("points", by="diffshape train")[0] for shapes in (learn, test))
    made = list(model.sample(len(references), seed=settings.seed))
    whole = [each for each in made if len(getattr(each, "faces", each))]
    rows = {"samples": whole, "training shapes": learnt[: len(references)]}
    scores = {
        title: compare_sets(clouds, references, distances=("chamfer",)) for title, clouds in rows.items() if len(clouds)
    }
    lines = [f"{title + ' against test shapes:':38}{score}" for title, score in scores.items()]
    empty = len(made) - len(whole)
    if empty:
        lines.append(f"{empty} of {len(made)} samples have no surface; an autoencoder that learnt longer gives fewer")
    facts = {title.replace(" ", "_"): score.to_dict() for title, score in scores.items()}
    return "\n".join(lines), {"score": facts, "without_surface": empty}
