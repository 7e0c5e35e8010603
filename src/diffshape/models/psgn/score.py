"""Score of a PSGN: how near the best of several answers comes, how far they are on average, and how much they differ.

The best of n alone says little: it falls for answers that are only noise, and the mean alone is best where all answers
are the same compromise. Answers of more than one kind have a low best and differ from each other.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_whole
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.data import ShapeSet
from diffshape.losses import chamfer_distance
from diffshape.models.psgn.model import PSGN
from diffshape.models.psgn.views import views_of


@dataclass(frozen=True, kw_only=True)
class PSGNScore:
    """Distances of answers, one number an image, in thousandths of the unit of the shapes.

    The distance of two clouds is mean_i min_j |x_i - y_j| + mean_j min_i |x_i - y_j|.

    Attributes:
        best: From the true points to the nearest answer.
        mean: From the true points to an answer, mean over all answers.
        diversity: From one answer to another, mean over all pairs.
    """

    best: tuple[float, ...]
    mean: tuple[float, ...]
    diversity: tuple[float, ...]

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        rows = {
            "best answer to the truth": self.best,
            "mean over answers to the truth": self.mean,
            "one answer to another": self.diversity,
        }
        head = f"{'Chamfer x1e3':<40}{'mean':>6}{'worst':>8}"
        return "\n".join(
            [head, *(f"{title:<40}{sum(each) / len(each):>6.1f}{max(each):>8.1f}" for title, each in rows.items())]
        )


@torch.no_grad()
@checked
def score_psgn(model: PSGN, shapes: ShapeSet, *, count: int = 8, seed: int = 0) -> PSGNScore:
    """Compare answers to every image of a set with the true points, and with each other.

    Args:
        model: The model.
        shapes: Shapes that it was not trained on, with what it reads; all their points are the truth.
        count: Answers to each image, at least 2.
        seed: Seed of the random vectors.

    Returns:
        A ``PSGNScore`` with a number for each image, those of a shape in a row.

    Raises:
        ValueError: The shapes lack something or have another size than the model wants, or ``count`` is below 2.
    """
    check_whole("score_psgn: count", count, 2)
    views = views_of(shapes, model.config, by="score_psgn").to(next(model.parameters()).device)
    numbers = [
        _of_image(model.predict(image, count=count, seed=seed + place)[0], truth)
        for place, (image, truth) in enumerate(views.each())
    ]
    best, mean, diversity = zip(*numbers)
    return PSGNScore(best=best, mean=mean, diversity=diversity)


def _of_image(answers: Float[Tensor, "n m 3"], truth: Float[Tensor, "k 3"]) -> tuple[float, float, float]:
    distances = _distances(answers, truth.expand(len(answers), -1, -1))
    one, other = torch.combinations(torch.arange(len(answers), device=answers.device)).unbind(1)
    between = _distances(answers[one], answers[other])
    return distances.min().item(), distances.mean().item(), between.mean().item()


def _distances(x: Float[Tensor, "b n 3"], y: Float[Tensor, "b m 3"]) -> Float[Tensor, "b"]:
    return 1e3 * chamfer_distance(x, y, squared=False, reduction="none")
