"""Sets of clouds in every form that they are given in."""

import numpy as np
import pytest
import torch

from diffshape.data import Mesh, PointCloud
from diffshape.metrics.cloud_sets.read_clouds import read_set, thinned

CLOUDS = torch.rand(3, 6, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "form",
    [
        lambda: CLOUDS.numpy(),
        lambda: list(CLOUDS),
        lambda: CLOUDS.tolist(),
        lambda: (cloud.double().numpy() for cloud in CLOUDS),
        lambda: [PointCloud(cloud.double().numpy()) for cloud in CLOUDS],
    ],
)
def test_any_form_gives_the_same(form):
    assert torch.equal(torch.stack(read_set("f", "x", form())), CLOUDS.double())


def test_points_are_drawn_on_meshes():
    square = Mesh(np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]]))
    found = read_set("f", "x", [square, CLOUDS[0]])
    assert [len(cloud) for cloud in found] == [30_000, 6]
    assert not found[0][:, 2].any()
    assert found[0][:, :2].mean(0).sub(0.5).abs().max() < 0.01


def test_thinning_draws_each_point_once_and_from_all_of_the_cloud():
    line = torch.arange(100.0)[:, None].expand(-1, 3)
    found = thinned([line, line[:20]], 20, torch.Generator().manual_seed(0))
    assert found.shape == (2, 20, 3)
    assert len(found[0, :, 0].unique()) == 20
    assert found[0, :, 0].max() > 50  # not the first 20
    assert torch.equal(found[1], line[:20])


@pytest.mark.parametrize(
    ("clouds", "error", "message"),
    [
        (CLOUDS[0], ValueError, r"f: x must have shape \(S, N, 3\), got \(6, 3\)"),
        (CLOUDS[:1], ValueError, "f: x must hold two clouds or more, got 1"),
        ([], ValueError, "got 0"),
        ([CLOUDS[0], CLOUDS[0, :, :2]], ValueError, r"f: x\[1\] must have shape \(N, 3\)"),
        ([CLOUDS[0], CLOUDS[0, :0]], ValueError, r"f: x\[1\] must have shape"),
        ([CLOUDS[0], CLOUDS[0] * torch.inf], ValueError, r"f: x\[1\] has non-finite coordinates"),
        ("shapes", TypeError, r"f: x must be clouds \(S, N, 3\) or a list of clouds, got str"),
        (7, TypeError, "got int"),
    ],
)
def test_bad_sets(clouds, error, message):
    with pytest.raises(error, match=message):
        read_set("f", "x", clouds)
