"""The machine and the versions that a run is made with. Needs no torch."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from diffshape import __version__

PACKAGES = ("torch", "numpy", "scipy", "numba", "trimesh", "libigl", "tyro", "safetensors")
"""Packages on which results, or their files, depend."""


def environment() -> dict[str, Any]:
    """Versions, platform, threads and command, for environment.json."""
    import torch

    return {
        "diffshape": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "packages": package_versions(),
        "command": sys.argv,
    }


def package_versions() -> dict[str, str]:
    """The version of each of the packages, "missing" where one is not installed."""
    return {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
