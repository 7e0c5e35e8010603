"""The list of verbs, and the one that a command line names, whose module alone is imported.

A module of a verb has a dataclass of arguments and ``run(arguments) -> int``, the exit code; where the flags begin with
a preset or another run's config.yaml, also ``defaults_for(words)``; where some of the words are those of another verb,
``taken_apart(words)``, which gives its own words and the arguments that they begin with.
"""

import importlib
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from diffshape._commands import typed_as
from diffshape._did_you_mean import did_you_mean
from diffshape.cli.errors import UsageError


class Verb(NamedTuple):
    """One verb."""

    module: str
    """Module of the verb in ``diffshape.cli``."""
    arguments: str
    """Dataclass of the arguments, in that module."""
    purpose: str
    """Purpose of the verb, as the help says it."""


VERBS = {
    "fit": Verb("fit.command", "FitArguments", "a scan becomes a surface, a mesh a small distance field"),
    "clean": Verb("clean", "Clean", "a scan without its noise, with normals and stray points marked"),
    "mesh": Verb("mesh", "MeshRun", "the surface of a fit again, finer or coarser"),
    "query": Verb("query", "Query", "signed distances of points from the surface of a fit"),
    "eval": Verb("eval", "Eval", "how far a surface is from the true one"),
    "report": Verb("report", "Report", "a fit, a training or many runs on one page, to read and to share"),
    "view": Verb("view", "View", "runs and files in a browser, to turn, colour, cut and slice"),
    "compare": Verb("compare", "Compare", "several methods on several scans, in one table"),
    "batch": Verb("batch.command", "Batch", "fits, or what else, of many files: here, by Ray or SLURM"),
    "train autoencoder": Verb("train.autoencoder", "TrainAutoencoder", "codes of point clouds"),
    "train mixture": Verb("train.mixture", "TrainMixture", "new shapes by Gaussians of codes"),
    "train flow": Verb("train.flow", "TrainFlow", "new shapes by a flow from noise to codes"),
    "train latent-gan": Verb("train.latent_gan", "TrainLatentGAN", "new shapes by a GAN of codes"),
    "train raw-gan": Verb("train.raw_gan", "TrainRawGAN", "new shapes by a GAN of point clouds"),
    "train deep-sdf": Verb("train.deep_sdf", "TrainDeepSDF", "one network for a family of shapes"),
    "train occupancy": Verb("train.occupancy", "TrainOccupancy", "surfaces from points, voxels or an image"),
    "train imnet": Verb("train.imnet", "TrainImNet", "surfaces from voxels, learnt from coarse to fine"),
    "train imnet-images": Verb("train.imnet_images", "TrainImNetImages", "surfaces from an image, by IM-NET's codes"),
    "train vecset": Verb("train.vecset", "TrainVecSet", "surfaces from points, by sets of vectors"),
    "train psgn": Verb("train.psgn", "TrainPSGN", "points from an image, in several ways"),
    "train landmarks": Verb("train.landmarks", "TrainLandmarks", "a network that finds vertebrae in radiographs"),
    "train scan-prior": Verb("train.scan_prior", "TrainScanPrior", "what cleans scans, learnt from drawn ones"),
    "sample": Verb("trained.sample", "Sample", "new shapes from a trained family"),
    "interpolate": Verb("trained.interpolate", "Interpolate", "shapes between two others"),
    "complete": Verb("trained.complete", "Complete", "the whole of a shape that a scan has seen in part"),
    "demo": Verb("demo", "Demo", "fit and score the built-in scan"),
    "info": Verb("info", "Info", "versions, device, threads"),
}
"""Verbs by the one or two words that are typed."""


class Command(NamedTuple):
    """A verb that was typed, ready to be parsed."""

    verb: str
    words: Sequence[str]
    """Words that follow the verb."""
    module: ModuleType
    kind: type
    """Dataclass of the arguments."""
    default: Any
    """The arguments before the flags are read; None if there is something that must be given."""


def command(words: Sequence[str]) -> Command:
    """The verb, of one word or two, that a command line begins with.

    Raises:
        UsageError: It is none, or its --preset and --config exclude each other.
        OSError: --config cannot be read.

    >>> command(["mesh", "outputs/kettle"]).kind.__name__
    'MeshRun'
    """
    verb = _named(words)
    rest = words[len(verb.split()) :]
    row = VERBS[verb]
    module = importlib.import_module(f"diffshape.cli.{row.module}")
    kind = getattr(module, row.arguments)
    if hasattr(module, "taken_apart"):
        own, default = module.taken_apart(rest)
        return Command(verb, own, module, kind, default)
    if hasattr(module, "defaults_for"):
        return Command(verb, rest, module, kind, module.defaults_for(rest))
    complete = all(item.default is not MISSING or item.default_factory is not MISSING for item in fields(kind))
    return Command(verb, rest, module, kind, kind() if complete else None)


def _named(words: Sequence[str]) -> str:
    models = [verb.split()[1] for verb in VERBS if verb.startswith("train ")]
    if words[0] == "train":
        if len(words) < 2 or words[1].startswith("-"):
            raise UsageError(f"train: say what to train: diffshape train {' | '.join(models)}")
        if words[1] not in models:
            hint = did_you_mean(words[1], models) or f"; there are {' and '.join(models)}"
            raise UsageError(f"train: there is no model {words[1]!r}{hint}")
        return " ".join(words[:2])
    if words[0] not in VERBS and Path(words[0]).is_file():
        raise UsageError(f"{words[0]} is a file, not a verb; type {typed_as('fit', words[0])} to fit it")
    if words[0] not in VERBS:
        verbs = list(dict.fromkeys(verb.split()[0] for verb in VERBS))
        hint = did_you_mean(words[0], verbs) or f"; there are {', '.join(verbs)}"
        raise UsageError(f"there is no verb {words[0]!r}{hint}")
    return words[0]
