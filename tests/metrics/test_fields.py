import json
import math

import numpy as np
import pytest
import torch

from diffshape.metrics import compare_fields

SIGMA = 0.01


def near_and_volume(count=20_000):
    """True distances of a sphere of radius 1/2 at points near it and uniform in [-1, 1]^3."""
    generator = torch.Generator().manual_seed(0)
    draw = {"generator": generator, "dtype": torch.float64}
    surface = 0.5 * torch.nn.functional.normalize(torch.randn(count, 3, **draw), dim=-1)
    near = surface + SIGMA * torch.randn(count, 3, **draw)
    volume = 2 * torch.rand(count, 3, **draw) - 1
    return near.norm(dim=-1) - 0.5, volume.norm(dim=-1) - 0.5


def test_values_by_hand():
    score = compare_fields([-1.0, 1.0, 2.0], [-1.0, -2.0, 2.0], [-1.0, -1.0, 3.0, 1.0], [-1.0, 1.0, 3.5, 1.0],
                           pred_surface=[0.25, -0.75], chamfer=np.float64(0.125))  # fmt: skip
    assert score.to_dict() == {
        "f1_near": 2 / 3,
        "f1_volume": 2 / 3,
        "mae_near": 1.0,
        "mae_volume": 0.625,
        "iou": 0.5,
        "inside_near": 2 / 3,
        "inside_volume": 0.25,
        "surface_error": 0.5,
        "chamfer": 0.125,
        "count_near": 3,
        "count_volume": 4,
        "count_surface": 2,
    }
    assert json.loads(json.dumps(score.to_dict())) == score.to_dict()


def test_a_perfect_field():
    near, volume = near_and_volume()
    score = compare_fields(near, near, volume, volume)
    assert (score.f1_near, score.f1_volume, score.iou) == (1, 1, 1)
    assert (score.mae_near, score.mae_volume) == (0, 0)
    assert (score.surface_error, score.chamfer, score.count_surface) == (None, None, 0)
    assert score.inside_volume == pytest.approx(math.pi / 6 / 8, rel=0.1)
    assert (score.count_near, score.count_volume) == (20_000, 20_000)


def test_a_collapsed_field_has_all_signs_right_and_the_mean_distance_for_an_error():
    near, volume = near_and_volume()
    score = compare_fields(near / 1000, near, volume / 1000, volume)
    assert (score.f1_near, score.f1_volume, score.iou) == (1, 1, 1)
    assert score.mae_near == pytest.approx(0.999 * SIGMA * math.sqrt(2 / math.pi), rel=0.02)
    assert score.mae_volume == pytest.approx(0.999 * volume.abs().mean().item())
    assert score.mae_volume > 0.4


@pytest.mark.parametrize("spread", [1e-4, 3e-4, 1e-3])
def test_the_rule_for_f1_near_the_surface(spread):
    """The sign of a surface off by e is wrong for 40 E|e| of the points, if sigma is 0.01."""
    quantiles = torch.linspace(0, 1, 202, dtype=torch.float64)[1:-1]
    normal = torch.special.ndtri(quantiles)
    truth = (SIGMA * torch.special.ndtri(torch.linspace(0, 1, 20_002, dtype=torch.float64)[1:-1]))[:, None]
    errors = spread * normal
    pred = truth + errors
    score = compare_fields(pred.flatten(), truth.expand_as(pred).flatten(), [1.0], [1.0])
    lost = 40 * errors.abs().mean().item() / (2 * score.inside_near)
    assert 1 - score.f1_near == pytest.approx(lost, rel=0.02)


def test_arrays_and_tensors_of_any_precision():
    near, volume = near_and_volume(1000)
    score = compare_fields(near + 1e-3, near, volume - 1e-2, volume)
    again = compare_fields((near + 1e-3).numpy(), near.numpy(), (volume - 1e-2).numpy(), volume.numpy())
    assert again == score
    single = compare_fields((near + 1e-3).float(), near.float(), (volume - 1e-2).float(), volume.float())
    assert single.mae_volume == pytest.approx(score.mae_volume, rel=1e-4)
    learning = (near + 1e-3).requires_grad_()
    assert compare_fields(learning, near, volume - 1e-2, volume) == score


def test_one_line():
    near, volume = near_and_volume(1000)
    score = compare_fields(near, near, volume, volume, pred_surface=[0.001], chamfer=0.002)
    text = str(score)
    assert "\n" not in text
    assert text.endswith("|f| on the surface x1e3 1.000; chamfer x1e3 2.000")
    assert text.startswith("F1 1.0000 near, 1.0000 volume; MAE x1e3 0.000 near, 0.000 volume; IoU 1.0000; inside ")
    assert "surface" not in str(compare_fields(near, near, volume, volume))


@pytest.mark.parametrize("argument", ["pred_near", "truth_near", "pred_volume", "truth_volume", "pred_surface"])
def test_bad_input(argument):
    good = dict.fromkeys(["pred_near", "truth_near", "pred_volume", "truth_volume", "pred_surface"], torch.ones(3))
    for bad in (torch.ones(3, 1), torch.ones(0), torch.tensor(1.0)):
        with pytest.raises(ValueError, match=rf"compare_fields: {argument} must have shape \(N,\) with N >= 1, got"):
            compare_fields(**{**good, argument: bad})
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match=f"compare_fields: {argument} must be finite, got 1 that are not"):
            compare_fields(**{**good, argument: torch.tensor([1.0, value, 1.0])})


@pytest.mark.parametrize("where", ["near", "volume"])
def test_pairs_of_two_lengths_are_refused(where):
    good = dict.fromkeys(["pred_near", "truth_near", "pred_volume", "truth_volume"], torch.ones(3))
    with pytest.raises(ValueError, match=f"truth_{where} must have 3 distances like pred_{where}, got 2"):
        compare_fields(**{**good, f"truth_{where}": torch.ones(2)})
