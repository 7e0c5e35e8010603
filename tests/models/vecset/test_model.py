from dataclasses import replace

import pytest
import torch

from diffshape.metrics import compare_surfaces, occupancy_iou
from diffshape.models import VecSet, load


@pytest.fixture
def fresh(tiny):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VecSet(tiny).eval()


def test_two_shapes_are_learnt_by_heart(learnt, two):
    codes = learnt.codes_of(two)
    iou = occupancy_iou(learnt.occupancy_logits(two.volume_points, codes), two.occupancies)
    assert iou.min() > 0.85
    assert torch.equal(learnt.occupied(two.volume_points, codes), learnt.values(two.volume_points, codes) < 0)


def test_codes_repeat_and_do_not_depend_on_the_order_of_the_points(learnt, two):
    order = torch.randperm(1500, generator=torch.Generator().manual_seed(1))
    codes = learnt.encode(two.points)
    assert torch.equal(codes, learnt.encode(two.points))
    torch.testing.assert_close(codes, learnt.encode(two.points[:, order]), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(codes[1:], learnt.encode(two.points[1:]), rtol=1e-3, atol=1e-3)


def test_training_begins_at_a_random_point(learnt, two):
    draws = [learnt.posterior(two.points, torch.Generator().manual_seed(seed)).mean for seed in (0, 0, 1)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_a_set_of_vectors_has_no_order_for_the_decoder(learnt, two):
    codes = learnt.codes_of(two)
    turned = codes.unflatten(1, (16, 32)).flip(1).flatten(1)
    points = two.volume_points
    torch.testing.assert_close(
        learnt.occupancy_logits(points, codes), learnt.occupancy_logits(points, turned), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("bottleneck", [None, 3])
def test_codes_are_all_vectors_in_a_row(tiny, two, bottleneck):
    model = VecSet(replace(tiny, network=replace(tiny.network, bottleneck=bottleneck))).eval()
    numbers = bottleneck or 8
    codes = model.codes_of(two)
    assert codes.shape == (2, 8 * numbers) == (2, model.latent)
    assert torch.equal(codes, model.posterior(two.points).mean.flatten(1))
    assert model.occupancy_logits(two.volume_points, codes).shape == (2, 1500)


def test_a_shape_is_completed_from_its_points(learnt, two):
    tall = learnt.complete(two.points[1], 40)
    radii = torch.from_numpy(tall.vertices) / torch.tensor([0.2, 0.45, 0.2])
    assert radii.norm(dim=1).median().item() == pytest.approx(1, abs=0.1)
    assert compare_surfaces(tall, tall, samples=100).watertight
    (mesh,) = learnt.decode_codes(learnt.codes_of(two[1:]), 40)
    assert (mesh.vertices == tall.vertices).all()


def test_interpolation_goes_straight(learnt, two):
    first, last = learnt.codes_of(two)
    torch.testing.assert_close(learnt.interpolate(first, last, 3)[1], (first + last) / 2)


def test_a_saved_model_comes_back_to_the_bit(learnt, two, tmp_path):
    learnt.save(tmp_path)
    back = load(tmp_path)
    assert type(back) is VecSet
    assert (back.config, back.training) == (learnt.config, False)
    codes = learnt.codes_of(two)
    assert torch.equal(back.codes_of(two), codes)
    assert torch.equal(back.values(two.volume_points, codes), learnt.values(two.volume_points, codes))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: m.encode(torch.zeros(1, 7, 3)),
            r"encode: inputs must be finite, \(B, N, 3\), N at least 8, got \(1, 7, 3\)",
        ),
        (lambda m: m.encode(torch.full((1, 9, 3), torch.nan)), "finite"),
        (lambda m: m.complete(torch.zeros(3, 3)), r"complete: points must be finite, \(N, 3\), N at least 8"),
        (lambda m: m.occupancy_logits(torch.zeros(1, 5, 3), torch.zeros(1, 3)), r"codes must have shape \(B, 64\)"),
        (lambda m: m.occupancy_logits(torch.zeros(5, 3), torch.zeros(1, 64)), r"shape \(1, P, 3\)"),
    ],
)
def test_what_is_wrong_is_said(fresh, call, message):
    with pytest.raises(ValueError, match=message):
        call(fresh)
