"""The scan prior: all its passes, their weights as one safetensors file, and those that the package brings along."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import as_file, files
from os import PathLike

import torch
from torch import nn

from diffshape._config import from_plain
from diffshape._files import nameable
from diffshape._tensor_files import read_tensors, write_tensors
from diffshape.data.synthetic.drawn.drawing import DRAWING_VERSION
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.network import CleaningPass
from diffshape.training.run_folder import MODEL_FOLDER

FILE = "model.safetensors"
"""Name of the file of weights, in the package and in the folder of a training."""
VERSION = "1"
"""Version of the network: it grows whenever the same weights give other points."""


class ScanPrior(nn.Module):
    """Passes of the prior, one after the other, on points that the one before has smoothed."""

    passes: Sequence[CleaningPass]

    def __init__(self, config: PriorConfig | None = None) -> None:
        super().__init__()
        self.config = config or PriorConfig()
        self.passes = nn.ModuleList(CleaningPass(self.config) for _ in range(self.config.passes))  # type: ignore[assignment]

    def save(self, folder: str | PathLike[str]) -> None:
        """Write ``model.safetensors`` to a folder, which is made if it is missing.

        It holds the weights, the sizes of the network, and the versions of the network and of the drawn solids.

        Raises:
            OSError: The folder cannot be written.
        """
        path = nameable(folder)
        path.mkdir(parents=True, exist_ok=True)
        header = {"network": VERSION, "drawing": str(DRAWING_VERSION), "config": json.dumps(asdict(self.config))}
        write_tensors(path / FILE, self.state_dict(), header)


def read_prior(path: str | PathLike[str]) -> ScanPrior:
    """The prior of a file that ``ScanPrior.save`` wrote, of its folder or of that of a training, on the CPU.

    Raises:
        ValueError: The file is damaged, or holds other weights than those of a prior of this version.
        OSError: It cannot be read.
    """
    file = nameable(path)
    if file.is_dir():
        file = next((each for each in (file / MODEL_FOLDER / FILE, file / FILE) if each.is_file()), file / FILE)
    header, tensors = read_tensors(file, checked=True)
    if header.get("network") != VERSION:
        raise ValueError(f"{file} must hold a scan prior of version {VERSION}, got {header.get('network')}")
    try:
        prior = ScanPrior(from_plain(PriorConfig, json.loads(header["config"]), {}))
        prior.load_state_dict(tensors)
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise ValueError(f"{file} does not hold the weights of a scan prior: {error}") from error
    return prior.eval().requires_grad_(False)


@lru_cache(maxsize=4)
def shipped_prior(device: torch.device) -> ScanPrior:
    """The prior that comes with the package, on a device."""
    with as_file(files("diffshape.fitting.scans.prior") / FILE) as path:
        return read_prior(path).to(device)
