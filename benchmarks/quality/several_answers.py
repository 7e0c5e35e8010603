"""One image, several shapes behind it: how the training schemes of PSGN answer.

    python -m benchmarks.quality.several_answers [--steps 1000] [--shapes 192] [--picture FILE] [--fresh]

The family "hidden_back" has three shapes to every image. Each scheme is trained on one set of them, by images of 32 x
32 pixels, and answers those of 24 others eight times with 256 points: distance of the best answer and of all answers
from 512 true points, and of the answers from each other, as ``models.score_psgn`` has them. Two rows need no network:
256 other points of the three true shapes of an image as the answers to it, and of eight training shapes drawn at
random. ``seconds`` are those of the processor. Results are kept as they come; what is there already is skipped.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import RESULTS, Row, append_row, environment, read_rows
from diffshape.data import ShapeSet, draw_shapes
from diffshape.losses import chamfer_distance
from diffshape.models import PSGN, PSGNConfig, PSGNNetwork, score_psgn, train_psgn
from diffshape.models.psgn.views import first_views
from diffshape.report import answer_grid

FAMILY, TESTED, POINTS, PIXELS = "hidden_back", 24, 256, 32
SMALL: dict[str, Any] = {"network": PSGNNetwork(size=(PIXELS, PIXELS), points=POINTS), "target_points": POINTS}
"""Half the pixels and half the points of the defaults, so that all of it takes two minutes."""
SCHEMES = {
    "deterministic": PSGNConfig(scheme="deterministic", **SMALL),
    "best of 12": PSGNConfig(**SMALL),
    "conditional VAE": PSGNConfig(scheme="vae", **SMALL),
}


def drawn(count: int, seed: int) -> ShapeSet:
    """Shapes of the family, with one image each."""
    forms: dict[str, Any] = {"points": 3 * POINTS, "volume_points": None, "near_points": None}
    return draw_shapes(FAMILY, count, seed=seed, views=1, image_size=PIXELS, **forms)


def true_points(shapes: ShapeSet) -> torch.Tensor:
    """The points (S, 512, 3) from which distances are measured; 256 others may be an answer."""
    return shapes.require("points", by="several_answers")[0][:, POINTS:]


def trained(name: str, learn: ShapeSet, steps: int) -> tuple[PSGN, float]:
    """The model of a scheme, and seconds of the processor."""
    start = time.process_time()
    result = train_psgn(learn, SCHEMES[name], steps=steps, progress=False)
    if result.interrupted:
        raise SystemExit(f"several_answers: interrupted after {result.step} steps of {name}")
    return result.model, time.process_time() - start


def means(model: PSGN, test: ShapeSet) -> Row:
    """The three distances, means over the images."""
    score = score_psgn(model, replace(test, points=true_points(test), normals=None))
    return {key: round(sum(values) / len(values), 1) for key, values in score.to_dict().items()}


def draw(models: Sequence[PSGN], test: ShapeSet, path: Path) -> None:
    """A row for each model: the first image, one of its three shapes, and six answers."""
    images, truths = first_views(test[: len(models)], models[0].config)
    answers = torch.cat([model.predict(image[None], count=6) for model, image in zip(models, images)])
    answer_grid(images, answers, truths, path=path, size=132)


def without_a_network(learn: ShapeSet, test: ShapeSet) -> dict[str, Row]:
    """Score of the three true shapes of each image, by other points of theirs, and of random training shapes."""
    known, answers = (part.require("points", by="several_answers")[0][:, :POINTS] for part in (learn, test))
    truths = true_points(test)
    triples = answers.unflatten(0, (-1, 3)).repeat_interleave(3, 0)
    places = torch.randint(len(known), (len(truths), 8), generator=torch.Generator().manual_seed(0))
    return {
        "the three true shapes": scored(triples, truths),
        "training shapes at random": scored(known[places], truths),
    }


def scored(answers: torch.Tensor, truths: torch.Tensor) -> Row:
    """The three distances of ``models.score_psgn`` of given answers (S, n, M, 3)."""
    one, other = torch.combinations(torch.arange(answers.shape[1])).unbind(1)
    to_truth = distances(answers, truths[:, None].expand(-1, answers.shape[1], -1, -1))
    between = distances(answers[:, one], answers[:, other])
    numbers = {"best": to_truth.amin(1), "mean": to_truth, "diversity": between}
    return {key: round(float(values.mean()), 1) for key, values in numbers.items()}


def distances(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Chamfer distances (S, n) of clouds (S, n, M, 3), in thousandths."""
    values = chamfer_distance(x.flatten(0, 1), y.flatten(0, 1), squared=False, reduction="none")
    return 1e3 * values.unflatten(0, x.shape[:2])


def arguments() -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--shapes", type=int, default=192, help="shapes to learn from")
    parser.add_argument("--picture", type=Path, help="PNG of the answers of the schemes that are measured now")
    parser.add_argument("--results", type=Path, default=RESULTS / "several_answers.jsonl")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    return parser.parse_args()


def main() -> None:
    """Measure, one scheme after the other, on one thread."""
    options = arguments()
    torch.set_num_threads(1)
    learn, test = drawn(options.shapes, 0), drawn(TESTED, 1)
    sizes = {"steps": options.steps, "shapes": options.shapes}
    done = [] if options.fresh else [(row["scheme"], row["steps"], row["shapes"]) for row in read_rows(options.results)]

    def keep(name: str, row: Row) -> None:
        append_row(options.results, {"scheme": name, **sizes, **row, "environment": environment()})
        print(name, row, flush=True)

    for name, row in without_a_network(learn, test).items():
        if (name, *sizes.values()) not in done:
            keep(name, row)
    models = []
    for name in SCHEMES:
        if (name, *sizes.values()) not in done:
            model, seconds = trained(name, learn, options.steps)
            models.append(model)
            keep(name, {**means(model, test), "seconds": round(seconds)})
    if models and options.picture is not None:
        draw(models, test, options.picture)


if __name__ == "__main__":
    main()
