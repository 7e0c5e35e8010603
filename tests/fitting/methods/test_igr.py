from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
import torch

from diffshape.data import PointCloud
from diffshape.fields import HashGridConfig, MLPConfig
from diffshape.fitting import IGR, ScanConfig, SurfaceArea, fit_points, preset

FIELD = HashGridConfig(levels=3, finest=16, log2_entries=8, width=16)
CHANGED = {
    "eikonal_weight": 0.3,
    "normal_weight": 0.5,
    "normals": "none",
    "batch": 100,
    "local_samples": 0.5,
    "local_scale": 0.5,
    "global_samples": 0.5,
    "global_side": 0.5,
    "scan": ScanConfig(),
    "start": 0.4,
    "learning_rate": 1e-3,
    "schedule": "exponential",
}
AREA = {"area_weight": 0.1, "area_sharpness": 20.0, "area_samples": 50}
CASES = [*((IGR, name, value) for name, value in CHANGED.items()), *((SurfaceArea, *pair) for pair in AREA.items())]


@pytest.fixture(scope="module")
def cloud(directions):
    normals = directions(600)
    return PointCloud(5 + 2 * normals, normals=normals)


@pytest.fixture(scope="module")
def references():
    return {}


def weights(cloud, method):
    return torch.cat([each.flatten() for each in fit_points(cloud, method, FIELD, steps=6).field.state_dict().values()])


def test_the_tables_of_changes_are_complete():
    assert set(CHANGED) == {field.name for field in fields(IGR)}
    assert set(CHANGED) | set(AREA) == {field.name for field in fields(SurfaceArea)}


@pytest.mark.parametrize(("kind", "name", "value"), CASES)
def test_every_setting_acts(kind, name, value, cloud, references):
    base = kind(batch=128, scan=ScanConfig() if name == "start" else None)
    if base not in references:
        references[base] = weights(cloud, base)
    changed = weights(cloud, replace(base, **{name: value}))
    assert torch.isfinite(changed).all()
    assert not torch.equal(changed, references[base])


def test_estimated_normals_need_no_given_ones_and_given_ones_may_be_missing(cloud):
    bare = PointCloud(cloud.points)
    given, missing, estimated = (
        fit_points(each, IGR(batch=64, normals=normals), FIELD, steps=1).target.normals
        for each, normals in ((cloud, "given"), (bare, "given"), (bare, "estimated"))
    )
    assert missing is None
    torch.testing.assert_close(given, torch.from_numpy(cloud.normals).float())
    assert (estimated * given).sum(dim=1).min() > 0.95


def test_estimated_normals_of_what_has_no_inside_come_with_a_note():
    plane = np.random.default_rng(0).random((300, 3)) * [1, 1, 1e-3]
    result = fit_points(plane, IGR(batch=64, normals="estimated"), FIELD, steps=1)
    assert any("no inside could be told from the points" in note for note in result.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "batch must be at least 1, got 0"),
        *(({name: -0.1}, f"{name} must be a number of 0 or more, got -0.1") for name in ("eikonal_weight",)),
        ({"normal_weight": -1.0}, "normal_weight must be a number of 0 or more"),
        ({"local_samples": -1.0}, "local_samples must be a number of 0 or more"),
        ({"global_samples": -1.0}, "global_samples must be a number of 0 or more"),
        ({"local_scale": 0.0}, "local_scale must be a positive number, got 0.0"),
        ({"global_side": 0.0}, "global_side must be a positive number, got 0.0"),
        ({"learning_rate": np.nan}, "learning_rate must be a number, got nan"),
        ({"start": 1.0}, r"start is a share of the steps in \[0, 1\), got 1.0"),
        ({"normals": "both"}, "normals must be one of"),
        ({"schedule": "linear"}, "schedule must be one of"),
        ({"area_weight": -1.0}, "area_weight must be a number of 0 or more"),
        ({"area_sharpness": 0.0}, "area_sharpness must be a positive number"),
        ({"area_samples": 0}, "area_samples must be at least 1"),
    ],
)
def test_a_setting_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=f"SurfaceArea: {message}"):
        SurfaceArea(**options)


@pytest.mark.parametrize("kind", [IGR, SurfaceArea])
def test_settings_are_frozen_and_closed(kind):
    with pytest.raises(TypeError, match="speed"):
        kind(speed=1)
    with pytest.raises(FrozenInstanceError):
        kind().batch = 3


def test_the_paper_presets_are_the_published_settings():
    paper = preset("paper", "igr")
    assert paper.method == IGR(
        scan=None,
        normals="given",
        eikonal_weight=0.1,
        normal_weight=1.0,
        batch=16_384,
        local_samples=1.0,
        local_scale=1.0,
        global_samples=0.125,
        global_side=1.125,  # of a box of side 1.6: within 0.9 of 0, half of the published 1.8
        start=paper.method.start,  # unused without a prepared scan
        learning_rate=5e-3,
        schedule="halving",
    )
    assert paper.field == MLPConfig(hidden_layers=8, width=512, skip=(4,), beta=100.0, radius=0.5)
    assert paper.steps == 100_000


def test_the_rows_of_the_diffcd_paper_have_its_network_and_sampling():
    row, area, diffcd = preset("paper-diffcd", "igr"), preset("paper", "surface-area"), preset("paper")
    assert (row.field, row.steps) == (area.field, area.steps) == (diffcd.field, diffcd.steps)
    shared = ("eikonal_weight", "batch", "local_samples", "local_scale", "global_samples", "learning_rate", "schedule")
    for name in (*shared, "scan"):
        assert getattr(row.method, name) == getattr(area.method, name) == getattr(diffcd.method, name), name
    assert row.method.normals == area.method.normals == "none"
    assert (area.method.area_weight, area.method.area_sharpness, area.method.area_samples) == (0.33, 100.0, 5000)
    assert row.method.global_side == area.method.global_side == 1.0
