from dataclasses import fields, replace

import pytest
import torch

from diffshape.data import PointCloud
from diffshape.fields import SirenConfig
from diffshape.fitting import DiGS, FitSettings, ScanConfig, Siren, StEik, fit_points, preset
from diffshape.fitting.methods.config import NormalsMethodConfig

FIELD = SirenConfig(hidden_layers=3, width=16, start="multi-frequency")
CHANGED = {
    "scan": ScanConfig(),
    "normals": "estimated",
    "points_weight": 500.0,
    "off_weight": 10.0,
    "eikonal_weight": 5.0,
    "normal_weight": 7.0,
    "batch": 100,
    "off_batch": 90,
    "learning_rate": 1e-2,
    "final": 0.5,
    "clip": None,
    "divergence_weight": 3.0,
    "divergence_until": (0.0, 0.9),
}
SMALL = {"batch": 64, "off_batch": 64}


@pytest.fixture(scope="module")
def oriented_ball(ball):
    normals = ball - ball.mean(0)
    return PointCloud(ball, normals)


@pytest.fixture(scope="module")
def weights(oriented_ball):
    known = {}

    def of(method):
        if method not in known:
            fitted = fit_points(oriented_ball, method, FIELD, steps=5).field.state_dict()
            known[method] = torch.cat([weight.flatten() for weight in fitted.values()])
        return known[method]

    return of


def test_the_table_of_changes_is_complete():
    assert set(CHANGED) == {field.name for field in fields(DiGS)} == {field.name for field in fields(StEik)}


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_acts(name, weights):
    base = StEik(normals="given", **SMALL)
    changed = weights(replace(base, **{name: CHANGED[name]}))
    assert torch.isfinite(changed).all()
    assert not torch.equal(changed, weights(base))


def test_the_three_methods_differ(weights):
    same = {"points_weight": 900.0, "off_weight": 90.0, "normal_weight": 9.0, "clip": 1.0, "normals": "given"} | SMALL
    plain, laplacian, directional = (weights(kind(**same)) for kind in (Siren, DiGS, StEik))
    assert not torch.equal(plain, laplacian)
    assert not torch.equal(plain, directional)
    assert not torch.equal(laplacian, directional)


def test_without_its_weight_a_divergence_changes_nothing(weights):
    same = {"points_weight": 900.0, "off_weight": 90.0, "normal_weight": 9.0, "clip": 1.0, "normals": "given"} | SMALL
    without = weights(DiGS(divergence_weight=0.0, **same))
    assert torch.equal(without, weights(Siren(**same)))


def test_normals_are_wanted_as_published():
    assert [kind().normals for kind in (Siren, DiGS, StEik)] == ["given", "none", "none"]
    assert all(isinstance(kind(), NormalsMethodConfig) for kind in (Siren, DiGS, StEik))


def test_paper_presets_are_the_published_settings():
    """The official code of SIREN takes means over points on and off the surface together, which halves three terms."""
    siren, digs, steik = (preset("paper", name) for name in ("siren", "digs", "steik"))
    assert siren.method == Siren(
        points_weight=3000 / 2, off_weight=100 / 2, eikonal_weight=50.0, normal_weight=100 / 2,
        batch=1400, off_batch=1400, learning_rate=1e-4, final=1.0, clip=1.0,
    )  # fmt: skip
    shared = {"off_weight": 100.0, "eikonal_weight": 50.0, "divergence_weight": 100.0, "divergence_until": (0.2, 0.4)}
    shared |= {"batch": 15_000, "off_batch": 15_000, "final": 1.0, "clip": 10.0}
    assert digs.method == DiGS(points_weight=3000.0, learning_rate=5e-5, **shared)
    assert steik.method == StEik(points_weight=2000.0, learning_rate=1e-4, **shared)
    assert (digs.steps, steik.steps) == (10_000, 10_000)
    box = (-0.55, 0.55)
    assert siren.field == SirenConfig(hidden_layers=4, width=256, frequency=30.0, start="siren", scale=0.5, box=box)
    assert digs.field == replace(siren.field, hidden_layers=5, start="multi-frequency")
    assert steik.field == replace(digs.field, width=128)


def test_method_and_field_keep_their_common_name_in_a_file():
    settings = FitSettings(method=Siren(batch=9), field=SirenConfig(width=8), steps=1)
    plain = settings.to_dict()
    assert (plain["method"]["kind"], plain["field"]["kind"]) == ("siren", "siren")
    assert FitSettings.from_dict(plain) == settings
    with pytest.raises(ValueError, match="field must have a kind out of siren, distance-grid"):
        FitSettings.from_dict(plain | {"field": {"kind": "digs"}})


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (Siren, {"points_weight": -1.0}, "points_weight must be a number of 0 or more"),
        (Siren, {"off_weight": -1.0}, "off_weight must be a number of 0 or more"),
        (Siren, {"eikonal_weight": float("nan")}, "eikonal_weight must be a"),
        (Siren, {"normal_weight": -0.5}, "normal_weight must be a number of 0 or more"),
        (Siren, {"batch": 0}, "batch must be at least 1, got 0"),
        (Siren, {"off_batch": 2.5}, "off_batch must be a whole number"),
        (Siren, {"learning_rate": 0.0}, "learning_rate must be a positive number"),
        (Siren, {"final": 0.0}, "final must be a"),
        (Siren, {"final": 1.5}, "final must be a"),
        (Siren, {"clip": 0.0}, "clip must be a positive number"),
        (DiGS, {"divergence_weight": -1.0}, "divergence_weight must be a number of 0 or more"),
        (StEik, {"divergence_until": (0.4, 0.2)}, r"divergence_until must be two rising shares, got \(0.4, 0.2\)"),
        (DiGS, {"divergence_until": (0.4, 1.2)}, "divergence_until must be two rising shares"),
        (DiGS, {"normals": "found"}, "normals must be one of"),
    ],
)
def test_a_setting_out_of_range_is_refused(kind, options, message):
    with pytest.raises(ValueError, match=f"{kind.__name__}: {message}"):
        kind(**options)
