"""Generators of point clouds on one drawn family, by four metrics of sets, and the autoencoders that they rest on.

    python -m benchmarks.quality.point_generators [--family chair] [--shapes 200] [--test 50] [--points 128]

Two autoencoders learn the training shapes, one by the Chamfer and one by the earth mover's distance; on the codes of
each a Gaussian mixture, a GAN, a Wasserstein GAN and a flow are learnt, and a raw GAN on the clouds themselves. Each
generator draws as many clouds as there are test shapes, and `metrics.compare_sets` compares the two sets by both
distances. Rows to read these by: training shapes (what a perfect generator scores), what the autoencoders make of them,
copies of one training shape, and uniform noise. The rows of the autoencoders have the mean Chamfer distance of their
reconstructions from the test shapes, and of the training shapes nearest to these. ``seconds`` are those of the
processor, all of a training. Results are kept as they come.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from benchmarks.measure import RESULTS, Row, append_row, environment
from diffshape import models
from diffshape.data import ShapeSet, draw_shapes
from diffshape.metrics import compare_sets

STEPS = {"autoencoder": 400, "raw-gan": 3000, "latent-gan": 4000, "flow": 2000}
"""Optimiser steps at effort 1."""


class Made(NamedTuple):
    """What a row of the table is about."""

    name: str
    clouds: Tensor
    seconds: float = 0.0
    """Seconds of a training."""
    distances: dict[str, float] | None = None
    """Mean Chamfer distances of the test shapes from what an autoencoder makes of them, and from training shapes."""


def drawn(family: Any, count: int, points: int, seed: int) -> ShapeSet:
    """Shapes of a family with points on their surfaces only, more than a cloud has."""
    return draw_shapes(family, count, seed=seed, points=4 * points, volume_points=None, near_points=None)


def generators(learn: ShapeSet, test: ShapeSet, points: int, effort: float) -> Iterator[Made]:
    """Each row of the table in turn, trained when it is asked for."""
    (surfaces,) = learn.require("points", by="generators")
    clouds, count = surfaces[:, :points], len(test)
    yield Made("training shapes", clouds[:count])
    yield Made("copies of one training shape", clouds[:1].expand(count, -1, -1))
    yield Made("uniform noise", torch.rand(count, points, 3, generator=torch.Generator().manual_seed(0)) - 0.5)
    losses: tuple[Literal["chamfer", "earth_mover"], ...] = ("chamfer", "earth_mover")
    for loss in losses:
        config = models.PointNetConfig(network=models.PointNetNetwork(points=points, latent=32), loss=loss)
        autoencoder, seconds = timed(models.train_autoencoder, learn, config, steps=steps_of("autoencoder", effort))
        made = autoencoder.decode_codes(autoencoder.codes_of(learn)[:count])
        yield Made(f"reconstructed training shapes ({loss})", made, seconds, distances(autoencoder, learn, test))
        for name, generator, seconds in on_codes(autoencoder, learn, effort):
            yield Made(f"{name} ({loss} codes)", generator.sample(count), seconds)
    raw, seconds = timed(
        models.train_raw_gan, learn, models.RawGANConfig(points=points), steps=steps_of("raw-gan", effort)
    )
    yield Made("raw GAN", raw.sample(count), seconds)


def distances(autoencoder: models.PointNetModel, learn: ShapeSet, test: ShapeSet) -> dict[str, float]:
    """Mean Chamfer distances of the test shapes from their reconstructions, and from the nearest training shapes."""
    score = models.score_autoencoder(autoencoder, learn, test)
    return {name: statistics.fmean(getattr(score, name)) for name in ("held_out", "nearest")}


def on_codes(autoencoder: models.PointNetModel, learn: ShapeSet, effort: float) -> Iterator[tuple[str, Any, float]]:
    """The generators of the codes of an autoencoder, each with the seconds of its training."""
    yield "mixture", *timed(models.train_mixture, autoencoder, learn)
    steps, plain = steps_of("latent-gan", effort), models.LatentGANConfig(objective="gan")
    yield "latent GAN", *timed(models.train_latent_gan, autoencoder, learn, plain, steps=steps)
    yield "latent WGAN-GP", *timed(models.train_latent_gan, autoencoder, learn, steps=steps)
    yield "flow", *timed(models.train_flow, autoencoder, learn, steps=steps_of("flow", effort))


def timed(train: Callable[..., Any], *given: Any, **options: Any) -> tuple[Any, float]:
    """The model of a training, and seconds of the processor."""
    start = time.process_time()
    return train(*given, **options).model, time.process_time() - start


def steps_of(kind: str, effort: float) -> int:
    """Optimiser steps of a training."""
    return round(effort * STEPS[kind])


def arguments() -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="chair")
    parser.add_argument("--shapes", type=int, default=200, help="shapes to learn from")
    parser.add_argument("--test", type=int, default=50, help="other shapes, and samples of each generator")
    parser.add_argument("--points", type=int, default=128, help="points of a cloud that is generated and compared")
    parser.add_argument("--effort", type=float, default=1.0, help="factor of all optimiser steps")
    parser.add_argument("--results", type=Path, default=RESULTS / "point_generators.jsonl")
    return parser.parse_args()


def main() -> None:
    """Train and score, one generator after the other."""
    options = arguments()
    torch.set_num_threads(1)
    setting: Row = {key: getattr(options, key) for key in ("family", "shapes", "test", "points", "effort")}
    learn, test = (
        drawn(options.family, count, options.points, seed) for seed, count in enumerate((options.shapes, options.test))
    )
    (surfaces,) = test.require("points", by="point_generators")
    references = surfaces[:, : options.points]
    for made in generators(learn, test, options.points, options.effort):
        score = compare_sets(made.clouds, references)
        row: Row = {"generator": made.name, **setting, "seconds": round(made.seconds, 1), "score": score.to_dict()}
        row |= {"distances": made.distances} if made.distances else {}
        append_row(options.results, {**row, "environment": environment()})
        print(f"{made.name}: {score}", made.distances or "", flush=True)


if __name__ == "__main__":
    main()
