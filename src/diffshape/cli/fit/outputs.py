"""Report on a finished fit."""

from pathlib import Path
from typing import TYPE_CHECKING

from diffshape._commands import typed_as
from diffshape.cli.messages import Messages

if TYPE_CHECKING:
    from diffshape.batch.outputs import Outputs

_FILES = {
    "mesh.ply": "the surface, in the coordinates of the input; of a scan with its colours and a confidence",
    "preview.png": "points of the input and the surface, side by side; violet where it was invented",
    "report.html": "all of it on one page, to turn and to share; opens in a browser",
    "metrics.json": "steps, seconds, size, score",
    "field.safetensors": "the field itself, for query and mesh",
    "config.yaml": "every setting, for --config",
    "log.csv": "the loss along the way",
    "meshes": "the surface along the way, by steps",
    "eval_metrics.csv": "its score along the way",
    "train_points.npy": "points that the fit drew, where the longest side is 1",
    "local_sigma.npy": "standard deviation of the samples around each",
    "tensorboard": "events, for tensorboard --logdir",
    "wandb": "a run of Weights & Biases, for wandb sync",
}
"""Contents of the files of a run, by their names."""


def tell_outputs(say: Messages, folder: Path, outputs: "Outputs", *, truth: Path | None) -> None:
    """Print facts, score and files of a finished fit, and what to type next."""
    from diffshape.batch.outputs import SAMPLES

    if say.json:
        say.metrics(folder, outputs.metrics)
        return
    facts = outputs.metrics
    volume = f", volume {facts['volume']:.4g}" if facts["volume"] is not None else ", not watertight"
    bodies = "1 body" if facts["bodies"] == 1 else f"{facts['bodies']} bodies"
    way = f"{facts['steps']} steps in {facts['seconds']:.0f} s" if facts["steps"] else "found in closed form"
    say(f"\n{way}: {facts['faces']:,} faces, {bodies}{volume}")
    if outputs.score is not None:
        say(f"score, where the longest side is 1: {outputs.score}")
    if outputs.distances is not None:
        say(f"distances, at {SAMPLES:,} points each, where the longest side is 2: {outputs.distances}")
    say.files({name: content for name, content in _FILES.items() if (folder / name).exists()})
    say(f"\nnext: {typed_as('view', folder)}")
    say(f"      {typed_as('mesh', folder, '--resolution', 512)}")
    say(f"      {typed_as('query', folder, 'points.npy')}")
    say(f"      {typed_as('eval', folder, truth or 'TRUTH.ply')}")
