import pytest
import torch

from box_clouds import box_clouds
from diffshape.losses import chamfer_distance
from diffshape.models import PointNetConfig, PointNetNetwork, build_model, score_autoencoder

MODEL = build_model(PointNetConfig(network=PointNetNetwork(points=30, encoder=(8,), latent=4, decoder=(8,))))


def test_a_row_a_shape_by_the_chamfer_distance():
    known, new = box_clouds(5, 40), box_clouds(3, 40, seed=1)
    score = score_autoencoder(MODEL, known, new)
    assert (len(score.known), len(score.held_out), len(score.nearest)) == (5, 3, 3)
    made = MODEL.decode_codes(MODEL.codes_of(new))
    expected = chamfer_distance(made, new.points[:, :30], reduction="none")
    assert score.held_out == pytest.approx(expected.tolist(), rel=1e-5)
    nearest = min(chamfer_distance(new.points[0, :30], cloud[:30]).item() for cloud in known.points)
    assert score.nearest[0] == pytest.approx(nearest, rel=1e-5)


def test_a_shape_of_the_training_is_nearest_to_itself():
    known = box_clouds(4, 40)
    assert score_autoencoder(MODEL, known, known[:2]).nearest == pytest.approx((0, 0), abs=1e-9)


def test_the_text_has_means_and_worst_values_in_thousandths():
    score = score_autoencoder(MODEL, box_clouds(4, 40), box_clouds(2, 40, seed=1))
    mean = 1e3 * torch.tensor(score.held_out).mean()
    assert f"new shapes, from their codes {mean:18.2f}" in str(score)
