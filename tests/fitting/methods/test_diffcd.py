import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import diffshape
from diffshape.fields import DistanceGridConfig, HashGridConfig, MLPConfig
from diffshape.fitting import DiffCD, OrientationConfig, ScanConfig, Supervised, fit_points

CHANGED = {
    "points_loss": "squared-value",
    "surface_weight": 0.5,
    "surface_squared": True,
    "eikonal_weight": 0.3,
    "area_weight": 0.5,
    "normal_weight": 0.5,
    "batch": 200,
    "surface_batch": 64,
    "local_samples": 1.0,
    "local_scale": 0.5,
    "global_samples": 0.5,
    "pool": 300,
    "meshings": 1,
    "mesh_resolution": 20,
    "pulls": 3,
    "pull": "trace",
    "write_back": False,
    "tolerance": 1e-6,
    "scan": None,
    "start": 0.6,
    "refine": True,
    "learning_rate": 1e-3,
    "schedule": "warmup-cosine",
}

SPECIAL = {"scan": {"normal_weight": 0.0}, "write_back": {"meshings": 1}}
"""What must differ from the other cases for a setting to act within a few steps."""


def weights(ball, method, field, steps=8):
    fitted = fit_points(ball, method, field, steps=steps).field.state_dict()
    return torch.cat([weight.flatten() for name, weight in fitted.items() if name != "fade"])


@pytest.fixture(scope="module")
def tiny_field():
    return HashGridConfig(levels=3, finest=16, log2_entries=8, width=16)


@pytest.fixture(scope="module")
def tiny_method():
    return DiffCD(batch=128, surface_batch=96, pool=200, meshings=2, mesh_resolution=16)


@pytest.fixture(scope="module")
def references():
    return {}


def test_the_table_of_changes_is_complete():
    assert set(CHANGED) == {field.name for field in fields(DiffCD)}


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_acts(name, ball, tiny_method, tiny_field, references):
    tiny_field = DistanceGridConfig(cell=0.1) if name == "refine" else tiny_field
    base = replace(tiny_method, **SPECIAL.get(name, {}))
    if (base, tiny_field) not in references:
        references[base, tiny_field] = weights(ball, base, tiny_field)
    changed = weights(ball, replace(base, **{name: CHANGED[name]}), tiny_field)
    assert torch.isfinite(changed).all()
    assert not torch.equal(changed, references[base, tiny_field])


def test_the_closest_point_loss_fits_too(ball, small_method):
    method = replace(small_method, points_loss="closest-point", batch=64)
    field = MLPConfig(hidden_layers=2, width=16, skip=())
    by_value = weights(ball, replace(method, points_loss="value"), field, steps=4)
    by_distance = weights(ball, method, field, steps=4)
    assert torch.isfinite(by_distance).all()
    assert not torch.equal(by_distance, by_value)


@pytest.mark.parametrize("kind", [DiffCD, ScanConfig, OrientationConfig, Supervised])
def test_settings_are_frozen_and_closed(kind):
    with pytest.raises(TypeError, match="speed"):
        kind(speed=1)
    with pytest.raises(FrozenInstanceError):
        setattr(kind(), fields(kind)[0].name, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(({name: 0}, f"{name} must be at least 1, got 0") for name in ("batch", "surface_batch", "pool", "meshings")),
        *(
            ({f"{name}": -0.1}, f"{name} must be a number of 0 or more, got -0.1")
            for name in (
                "surface_weight",
                "eikonal_weight",
                "area_weight",
                "normal_weight",
                "local_samples",
                "global_samples",
            )
        ),
        ({"pulls": -1}, "pulls must be at least 0, got -1"),
        ({"pulls": 1.5}, "pulls must be a whole number, got 1.5"),
        ({"batch": 64.5}, "batch must be a whole number, got 64.5"),
        ({"batch": True}, "batch must be a whole number, got True"),
        ({"scan": False}, "scan must be ScanConfig or None, got False"),
        ({"eikonal_weight": np.nan}, "eikonal_weight must be a number, got nan"),
        ({"mesh_resolution": 15}, "mesh_resolution must be at least 16"),
        ({"start": 1.0}, r"start is a share of the steps in \[0, 1\), got 1.0"),
        ({"start": -0.1}, "start is a share"),
        ({"learning_rate": 0.0}, "learning_rate must be a positive number, got 0.0"),
        ({"learning_rate": np.nan}, "learning_rate must be a number, got nan"),
        ({"tolerance": 0.0}, "tolerance must be a positive number, got 0.0"),
        ({"local_scale": 0.0}, "local_scale must be a positive number, got 0.0"),
        ({"scan": None, "normal_weight": 0.1}, "normal_weight needs scan"),
        ({"points_loss": "cubed"}, "points_loss must be one of"),
        ({"pull": "push"}, "pull must be one of"),
        ({"schedule": "linear"}, "schedule must be one of"),
    ],
)
def test_a_diffcd_setting_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=f"DiffCD: .*{message}"):
        DiffCD(**options)


def test_settings_need_no_torch():
    source = Path(diffshape.__file__).parents[1]
    code = "import sys, diffshape.fitting.settings, diffshape.fitting.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(source)}).returncode == 0
