"""Named settings of fits, to scans or meshes. Needs no torch."""

from collections.abc import Mapping

from diffshape._arguments import checked
from diffshape.fields.config import HASH_GRIDS, MLPConfig
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.settings import FitSettings

SCAN_PRESETS: dict[str, dict[str, FitSettings]] = {
    "diffcd": {
        "quick": FitSettings(method=DiffCD(), steps=400),
        "standard": FitSettings(method=DiffCD(), steps=1800),
        "paper": FitSettings(
            method=DiffCD(
                eikonal_weight=0.1,
                normal_weight=0.0,
                batch=5000,
                surface_batch=5000,
                local_samples=1.0,
                meshings=40,
                mesh_resolution=256,
                pulls=4,
                pull="trace",
                scan=None,
                learning_rate=1e-3,
                schedule="warmup-cosine",
            ),
            field=MLPConfig(),
            steps=40_000,
        ),
    },
}
"""Presets for scans by the name of the method, then their own. quick: a first look. standard: this library's fast
settings, minutes at most on two CPU cores. paper: the published network, sampling, weights, optimiser and steps, hours
on a CPU.
"""

MESH_PRESETS: dict[str, FitSettings] = {
    "quick": FitSettings(method=Supervised(), field=HASH_GRIDS["small"], steps=500),
    "standard": FitSettings(method=Supervised(), field=HASH_GRIDS["small"], steps=2000),
    "fine": FitSettings(method=Supervised(), field=HASH_GRIDS["fine"], steps=8000),
    "torch-ngp": FitSettings(
        method=Supervised(
            batch=2**18,
            near=3 / 8,
            surface=4 / 8,
            pool=2**18,
            fresh=2**18,
            normalization="diagonal",
            learning_rate=1e-4,
            final=0.1,
        ),
        field=HASH_GRIDS["torch-ngp"],
        steps=2000,
    ),
    "instant-ngp": FitSettings(
        method=Supervised(
            batch=2**18,
            near=3 / 8,
            surface=4 / 8,
            sigma=1 / 1024,
            perturbation="logistic",
            pool=2**18,
            fresh=2**18,
            learning_rate=1e-4,
            final=1.0,
        ),
        field=HASH_GRIDS["instant-ngp"],
        steps=10_000,
    ),
}
"""Presets for meshes. quick, standard: seconds on a CPU. fine: sharper, minutes. torch-ngp, instant-ngp: for a GPU.

torch-ngp and instant-ngp have the published grid, layers of the network, mix of points, loss, batch and learning rate;
the published weight decay of 1e-6 and moving average of weights are left out. The sigma of instant-ngp is a share of
the bounding radius.
"""

PRESETS: dict[str, dict[str, FitSettings]] = {**SCAN_PRESETS, "supervised": MESH_PRESETS}
"""Presets by the name of the method, then their own."""


@checked
def preset(name: str, method: str = "diffcd") -> FitSettings:
    """A preset for ``fit_points`` and scans: its ``method``, ``field`` and ``steps``.

    Args:
        name: "quick", a first look; "standard", this library's fast settings; "paper", the published network, weights
            and number of steps. Not every method has all three.
        method: Name of the method, such as "diffcd" or "igr".

    >>> preset("paper").steps
    40000

    Raises:
        ValueError: There is no method or no preset of that name.
    """
    if method not in SCAN_PRESETS:
        raise ValueError(f"preset: there is no method {method!r} for scans; choose one of {', '.join(SCAN_PRESETS)}")
    return _named("preset", SCAN_PRESETS[method], name)


@checked
def mesh_preset(name: str) -> FitSettings:
    """A preset for ``fit_mesh``: its ``method``, ``field`` and ``steps``.

    Args:
        name: "quick" or "standard", seconds on a CPU; "fine", a larger grid, minutes; "torch-ngp" or "instant-ngp", as
            published, for a GPU.

    >>> mesh_preset("instant-ngp").field.finest
    2048

    Raises:
        ValueError: There is none of that name.
    """
    return _named("mesh_preset", MESH_PRESETS, name)


def _named(function: str, presets: Mapping[str, FitSettings], name: str) -> FitSettings:
    if name not in presets:
        raise ValueError(f"{function}: there is no {name!r}; choose one of {', '.join(presets)}")
    return presets[name]
