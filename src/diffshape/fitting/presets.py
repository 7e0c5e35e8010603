"""Named settings of fits, to scans or meshes. Needs no torch."""

import math
from collections.abc import Mapping

from diffshape._arguments import checked
from diffshape.fields.config import HASH_GRIDS, HashGridConfig, MLPConfig, SirenConfig
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.igr import IGR, SurfaceArea
from diffshape.fitting.methods.neural_pull.config import NeuralPull
from diffshape.fitting.methods.siren import DiGS, Siren, StEik
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.scans.config import ScanConfig
from diffshape.fitting.settings import FitSettings

_SMALL_NETWORK = MLPConfig(hidden_layers=4, width=96, skip=(2,))
"""Network that two CPU cores train in about half a minute."""
_DIFFCD_ROW = {"batch": 5000, "local_scale": 0.2, "learning_rate": 1e-3, "schedule": "warmup-cosine"}
"""Sampling and optimiser of the fits that the DiffCD paper compares with."""
_WIDE_GRID = HashGridConfig(levels=7, base=6, finest=96)
"""Grid whose coarsest cells are so wide that the sphere which it starts as moves where no query is."""
_SINES = SirenConfig(hidden_layers=4, width=128, frequency=15.0, start="multi-frequency")
"""Network of sines that two CPU cores train in a minute: smaller than the published ones, roughly a sphere at first,
and of lower frequency, as w0 = 30 leaves sheets between the points when the steps are few."""
_PUBLISHED_BOX = (-0.55, 0.55)
"""Box that DiGS and StEik sample, 1.1 times that of the shape; that of SIREN touches the shape, which would cut its
surface open there."""

SCAN_PRESETS: dict[str, dict[str, FitSettings]] = {
    "diffcd": {
        "quick": FitSettings(method=DiffCD(scan=ScanConfig(passes=2, cell=0.75)), steps=400),
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
                write_back=False,
                scan=None,
                learning_rate=1e-3,
                schedule="warmup-cosine",
            ),
            field=MLPConfig(),
            steps=40_000,
        ),
    },
    "igr": {
        "quick": FitSettings(method=IGR(normals="estimated"), field=_SMALL_NETWORK, steps=600),
        "standard": FitSettings(method=IGR(normals="estimated"), field=_SMALL_NETWORK, steps=2000),
        "paper": FitSettings(
            method=IGR(batch=16_384, global_side=0.9 / 0.8, learning_rate=5e-3, schedule="halving"),
            field=MLPConfig(width=512),
            steps=100_000,
        ),
        "paper-diffcd": FitSettings(method=IGR(normals="none", **_DIFFCD_ROW), field=MLPConfig(), steps=40_000),
    },
    "surface-area": {
        "quick": FitSettings(method=SurfaceArea(), field=_SMALL_NETWORK, steps=600),
        "standard": FitSettings(method=SurfaceArea(), field=_SMALL_NETWORK, steps=2000),
        "paper": FitSettings(
            method=SurfaceArea(normals="none", area_samples=5000, **_DIFFCD_ROW), field=MLPConfig(), steps=40_000
        ),
    },
    "siren": {
        "standard": FitSettings(method=Siren(), field=_SINES, steps=2000),
        "paper": FitSettings(
            method=Siren(learning_rate=1e-4, final=1.0),
            field=SirenConfig(box=_PUBLISHED_BOX),
            steps=100_000,  # 10,000 epochs of 14,000 points
        ),
    },
    "digs": {
        "standard": FitSettings(method=DiGS(), field=_SINES, steps=2000),
        "paper": FitSettings(
            method=DiGS(batch=15_000, off_batch=15_000, learning_rate=5e-5, final=1.0),
            field=SirenConfig(hidden_layers=5, start="multi-frequency", box=_PUBLISHED_BOX),
            steps=10_000,
        ),
    },
    "steik": {
        "standard": FitSettings(method=StEik(), field=_SINES, steps=2000),
        "paper": FitSettings(
            method=StEik(batch=15_000, off_batch=15_000, learning_rate=1e-4, final=1.0),
            field=SirenConfig(hidden_layers=5, width=128, start="multi-frequency", box=_PUBLISHED_BOX),
            steps=10_000,
        ),
    },
    "neural-pull": {
        "quick": FitSettings(method=NeuralPull(), field=_WIDE_GRID, steps=600),
        "standard": FitSettings(method=NeuralPull(), field=_WIDE_GRID, steps=2000),
        "paper": FitSettings(
            method=NeuralPull(local_scale=None, batch=5000, learning_rate=1e-3, schedule="warmup-cosine"),
            field=MLPConfig(beta=math.inf, weight_norm=True),
            steps=40_000,
        ),
        "paper-diffcd": FitSettings(
            method=NeuralPull(queries=50, pool=10_000_000, **_DIFFCD_ROW),
            field=MLPConfig(),
            steps=40_000,
        ),
    },
}
"""Presets for scans by the name of the method, then their own. quick: a first look. standard: this library's fast
settings, minutes at most on two CPU cores. paper: the published network, sampling, weights, optimiser and steps, hours
on a CPU. paper-diffcd: the method as the DiffCD paper compares with it.
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
            and number of steps; "paper-diffcd", the method as the DiffCD paper compares with it. Not every method has
            all of them.
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
