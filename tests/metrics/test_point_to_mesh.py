import json

import igl
import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import torus_mesh
from diffshape.metrics import point_to_mesh_statistics

SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]])


def test_values_by_hand():
    points = np.array([[0.5, 0.5, height] for height in (0, -1, 2, 3, 4)])
    found = point_to_mesh_statistics(points, SQUARE, quantiles=(0, 0.5, 0.9))
    assert found.mean == pytest.approx(2)
    assert found.rms == pytest.approx(6**0.5)
    assert found.max == 4
    assert found.quantiles == pytest.approx({0: 0, 0.5: 2, 0.9: 3.6})


def test_equals_libigl():
    mesh, points = torus_mesh(), np.random.default_rng(0).normal(size=(400, 3))
    squared, _, _ = igl.point_mesh_squared_distance(points, *mesh)
    found = point_to_mesh_statistics(points, tuple(mesh))
    assert found.mean == pytest.approx(np.sqrt(squared).mean(), rel=1e-12)
    assert found.rms == pytest.approx(np.sqrt(squared.mean()), rel=1e-12)
    assert found.max == pytest.approx(np.sqrt(squared.max()), rel=1e-12)
    for share, value in found.quantiles.items():
        assert value == pytest.approx(np.quantile(np.sqrt(squared), share), rel=1e-12)


def test_inputs_are_read_alike():
    points = np.random.default_rng(0).normal(size=(9, 3))
    expected = point_to_mesh_statistics(points, SQUARE)
    tensors = torch.from_numpy(SQUARE[0]).requires_grad_(), torch.from_numpy(SQUARE[1])
    assert point_to_mesh_statistics(torch.from_numpy(points).requires_grad_(), tensors) == expected
    assert point_to_mesh_statistics(points.tolist(), trimesh.Trimesh(*SQUARE, process=False)) == expected


def test_shown_and_written():
    found = point_to_mesh_statistics([[0.0, 0, 3]], SQUARE, quantiles=[0.95])
    assert str(found) == "mean 3, rms 3, max 3, 95 % below 3"
    assert json.loads(json.dumps(found.to_dict())) == {"mean": 3, "rms": 3, "max": 3, "quantiles": {"0.95": 3}}


@pytest.mark.parametrize(
    ("points", "mesh", "options", "message"),
    [
        (np.zeros((0, 3)), SQUARE, {}, r"points must have shape \(N, 3\) with N >= 1, got \(0, 3\)"),
        (np.zeros((4, 2)), SQUARE, {}, r"points must have shape \(N, 3\) with N >= 1, got \(4, 2\)"),
        (np.full((1, 3), np.nan), SQUARE, {}, "points has non-finite coordinates"),
        (np.zeros((1, 3)), (SQUARE[0], SQUARE[1] + 3), {}, "mesh faces must index vertices 0 to 3, got 3 to 6"),
        (np.zeros((1, 3)), (SQUARE[0], SQUARE[1][:0]), {}, "faces must hold at least one triangle"),
        (np.zeros((1, 3)), SQUARE, {"quantiles": [1.5]}, r"quantiles must lie between 0 and 1, got \(1.5,\)"),
    ],
)
def test_bad_input(points, mesh, options, message):
    with pytest.raises(ValueError, match=message):
        point_to_mesh_statistics(points, mesh, **options)
