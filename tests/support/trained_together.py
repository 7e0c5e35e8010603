"""Tiny trainings of every model, run by several processes: ``torchrun ... trained_together.py FOLDER STEPS [STOP]``.

With STOP the last process alone is told to stop after so many steps. Where FOLDER is that of the training of occupancy,
this goes on, and with STOP the last process is killed.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from diffshape import data, models
from diffshape.fields import LatentMLPConfig
from diffshape.fitting import PriorConfig, train_scan_prior
from diffshape.training import StepReport
from diffshape.training.parallel import joined, told_by_first
from diffshape.training.randomness import own_randomness

QUICK = {"device": "cpu", "progress": False}


def trainings() -> dict[str, partial[Any]]:
    """A tiny training of every model, by its name; each takes ``steps`` and ``folder``."""
    sizes = {"points": 64, "volume_points": 64, "near_points": 64, "resolution": 8, "views": 2, "image_size": 32}
    shapes = data.draw_shapes("table", 6, **sizes)
    point_net = models.PointNetConfig(
        network=models.PointNetNetwork(points=16, encoder=(8,), latent=4, decoder=(8,)), batch=4
    )
    autoencoder = models.build_model(point_net)
    deep = models.DeepSDFConfig(
        network=LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(1,), dropout=0.0),
        batch=2,
        points=16,
        samples=400,
    )
    occupancy = {
        "code": 4,
        "width": 8,
        "blocks": 1,
        "encoder_width": 8,
        "encoder_blocks": 1,
        "inputs": 16,
        "points": 16,
    }
    occupancy = {**occupancy, "batch": 4}
    images = models.PSGNNetwork(size=(32, 32), widths=(4, 8, 8), hidden=(16,), points=16)
    imnet = models.ImNetConfig(
        network=models.ImNetNetwork(resolution=8, latent=2, width=2, encoder_width=2, version="original"),
        stages=(8,),
        shares=(1.0,),
        cells=(64,),
        points=32,
        batch=4,
    )
    with own_randomness(seed=0):
        coder = models.ImNet(imnet)
    vecset = models.VecSetConfig(
        network=models.VecSetNetwork(vectors=4, width=8, layers=1, heads=1), points=32, volume=16, near=16, batch=4
    )
    configs: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "autoencoder": (models.train_autoencoder, (shapes, point_net)),
        "raw_gan": (models.train_raw_gan, (shapes, models.RawGANConfig(points=16, critic_steps=1, batch=4))),
        "latent_gan": (models.train_latent_gan, (autoencoder, shapes, models.LatentGANConfig(critic_steps=1, batch=4))),
        "flow": (models.train_flow, (autoencoder, shapes, models.FlowConfig(batch=4))),
        "deep_sdf": (models.train_deep_sdf, (data.shape_family("ellipsoid", 4), deep)),
        "occupancy": (models.train_occupancy, (shapes, models.OccupancyConfig(**occupancy))),
        "batch_norm": (
            models.train_occupancy,
            (shapes, models.OccupancyConfig(conditioning="batch_norm", **occupancy)),
        ),
        "vae": (models.train_occupancy, (shapes, models.OccupancyConfig(input="occupancies", **occupancy))),
        "vecset": (models.train_vecset, (shapes, vecset)),
        "imnet": (models.train_imnet, (shapes, imnet)),
        "imnet_images": (
            models.train_imnet_images,
            (coder.eval(), shapes, models.ImNetImagesConfig(size=32, width=2, batch=4)),
        ),
        "psgn": (models.train_psgn, (shapes, models.PSGNConfig(network=images, target_points=16, batch=4))),
        "landmarks": (models.train_landmarks, (data.spine_phantoms(6), models.LandmarkUNetConfig(widths=(8, 8, 8)))),
    }
    known = {name: partial(train, *arguments, **QUICK) for name, (train, arguments) in configs.items()}
    return {**known, "scan_prior": partial(train_scan_prior, config=PriorConfig(batch=16), scans=1, **QUICK)}


def data_of(training: partial[Any]) -> Any:
    """What a training was begun with, which it goes on with; None where it draws that itself."""
    *data, _ = training.args or (None, None)
    return data[0] if len(data) < 2 else tuple(data)


def main(folder: Path, steps: int, stop: int | None = None) -> None:
    """Make the trainings, or go on with one, as one of the processes."""
    torch.set_num_threads(1)
    begun, known = (folder / "config.yaml").exists(), trainings()
    with joined("cpu") as team:
        assert told_by_first(str(folder) if team.is_first else "") == str(folder)

        def interrupt(report: StepReport) -> None:
            if report.step == stop and team.rank == team.count - 1:
                os.kill(os.getpid(), signal.SIGKILL if begun else signal.SIGTERM)

        if begun:
            models.resume_training(folder, data_of(known["occupancy"]), observers=[interrupt], **QUICK)
            return
        for name, train in known.items():
            result = train(steps=steps, folder=folder / name, observers=[interrupt])
            assert result.interrupted == (stop is not None), name


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
