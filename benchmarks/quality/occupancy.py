"""Models of closed surfaces at equal cost: intersection over union of new shapes by processor seconds of training.

    python -m benchmarks.quality.occupancy [--family chair] [--shapes 800] [--seconds 30 60 120 300] [--models NAME ...]

Every row is one training of one model on the same drawn shapes on one thread, to the end of its own schedule, and its
IoU on 40 others, at points even in the cube of side 1.1. The number of steps is what fits into the processor seconds by
the cost of a short training, so that other load on the machine does not count. A row that is there already is not made
again.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import RESULTS, Row, append_row, environment, read_rows
from diffshape import models
from diffshape.data import ShapeSet
from diffshape.metrics import occupancy_iou

FORMS: dict[str, Any] = {"points": 2048, "volume_points": 4096, "near_points": 4096, "resolution": 64}
"""Forms of the shapes that the models read, and their sizes."""
Training = Callable[..., models.TrainingResult[Any]]
MODELS: dict[str, tuple[Training, Any]] = {
    "occupancy": (models.train_occupancy, models.OccupancyConfig()),
    "occupancy, additive": (models.train_occupancy, models.OccupancyConfig(conditioning="additive")),
    "occupancy, batch_norm": (models.train_occupancy, models.OccupancyConfig(conditioning="batch_norm")),
    "occupancy, no waves": (models.train_occupancy, models.OccupancyConfig(waves=0)),
    "occupancy, even points": (models.train_occupancy, models.OccupancyConfig(near=0.0)),
    "imnet": (models.train_imnet, models.ImNetConfig()),
    "vecset": (models.train_vecset, models.VecSetConfig()),
}
"""Trainings and their configs by name."""


def cost_of(train: Training, config: Any, learn: ShapeSet) -> float:
    """Processor seconds of a step: the mean of 40, without what comes before the first."""
    times: list[float] = []
    train(learn, config, steps=42, device="cpu", observers=[lambda _: times.append(time.process_time())])
    return (times[-1] - times[1]) / 40


def trained(name: str, seconds: float, learn: ShapeSet, test: ShapeSet) -> Row:
    """One training and its score."""
    train, config = MODELS[name]
    steps = max(1, round(seconds / cost_of(train, config, learn)))
    begun = time.process_time()
    result = train(learn, config, steps=steps, device="cpu")
    processor = time.process_time() - begun
    if result.interrupted:
        raise KeyboardInterrupt  # it is no training of so many steps, and leaves no row
    points, truth = test.require("volume_points", "occupancies", by="occupancy")
    occupied = result.model.occupied(points, result.model.codes_of(test))
    iou = occupancy_iou(occupied, truth)
    return {
        "model": name,
        "budget": seconds,
        "seconds": round(result.seconds, 1),
        "processor_seconds": round(processor, 1),
        "steps": steps,
        "parameters": sum(parameter.numel() for parameter in result.model.parameters()),
        "iou": round(iou.mean().item(), 4),
        "worst": round(iou.min().item(), 4),
    }


def main() -> None:
    """Make the rows that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="chair")
    parser.add_argument("--shapes", type=int, default=800, help="shapes to learn from")
    parser.add_argument("--seconds", type=float, nargs="+", default=[30.0, 60.0, 120.0, 300.0], help="processor time")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--results", type=Path, default=RESULTS / "occupancy.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(1)
    setting: Row = {"family": options.family, "shapes": options.shapes}
    there = {(row["family"], row["shapes"], row["model"], row["budget"]) for row in read_rows(options.results)}
    source = models.DrawnFamily(family=options.family, shapes=options.shapes)
    learn, test = models.training_shapes(source, **FORMS)
    for name in options.models:
        for seconds in options.seconds:
            if (*setting.values(), name, seconds) not in there:
                row = setting | trained(name, seconds, learn, test) | {"environment": environment()}
                append_row(options.results, row)
                print({key: value for key, value in row.items() if key != "environment"}, flush=True)


if __name__ == "__main__":
    main()
