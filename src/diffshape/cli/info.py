"""``diffshape info``: what is installed, where it computes and where it writes; and kernels compiled ahead of use."""

import importlib.util
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from diffshape import __version__
from diffshape.cli.parsing.options import VerbOptions
from diffshape.training.environment import package_versions

_OPTIONAL = {
    "LAS and LAZ files": ("laspy lazrs", "laspy"),
    "E57 files": ("pye57", "pye57"),
    "MP4 of a turning shape": ("imageio[ffmpeg]", "imageio_ffmpeg"),
    "train mixture": ("scikit-learn", "sklearn"),
    "--network transformer": ("timm", "timm"),
    "--log tensorboard": ("tensorboard", "tensorboard"),
    "--log wandb": ("wandb", "wandb"),
    "export to ONNX": ("onnx", "onnx"),
}
"""Packages that the installation does not bring, by what needs them: name in a package index, and of the module."""


@dataclass(frozen=True, kw_only=True)
class Info(VerbOptions):
    """Versions, device, threads, optional packages, and where outputs go."""

    warm: bool = False
    """Compile the CPU kernels that the verbs need, and say where they are kept; nothing else is printed."""


def run(arguments: Info) -> int:
    """Print a line for each, or compile."""
    if arguments.warm:
        from diffshape.cli.warming import warm

        return warm()
    import torch

    lines = {
        "diffshape": __version__,
        "python": f"{platform.python_version()} on {platform.platform()}",
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU (torch finds no GPU)",
        "threads": f"{torch.get_num_threads()} of {os.cpu_count()} processors",
        "packages": ", ".join(f"{name} {version}" for name, version in package_versions().items()),
        "optional": ", ".join(f"{use} {_presence(*names)}" for use, names in _OPTIONAL.items()),
        "outputs": str(Path("outputs").resolve()),
    }
    for name, text in lines.items():
        print(f"{name:<10} {text}")
    return 0


def _presence(package: str, module: str) -> str:
    return "yes" if importlib.util.find_spec(module) else f"no (pip install {package})"
