from dataclasses import fields

import pytest
import torch

from diffshape.data import SpinePhantomConfig, spine_phantoms
from diffshape.losses import Skeleton, structure_loss
from diffshape.metrics import structure_violations

OTHER = {
    "view": "ap",
    "height": 96,
    "width": 160,
    "body_height": (0.07, 0.08),
    "rotation": 30.0,
    "occluders": 1,
    "missing": 2,
    "slip": 1.0,
    "noise": 0.0,
}


@pytest.mark.parametrize(("view", "skeleton"), [("ap", Skeleton.anteroposterior()), ("lateral", Skeleton.lateral())])
def test_shapes_types_and_units(view, skeleton):
    drawn = spine_phantoms(3, SpinePhantomConfig(view=view, height=96, width=64))
    assert drawn.images.shape == (3, 1, 96, 64)
    assert drawn.landmarks.shape == (3, skeleton.count, 2)
    assert (drawn.images.dtype, drawn.mask.dtype) == (torch.float32, torch.bool)
    assert drawn.skeleton == skeleton
    assert drawn.unit == "px"
    assert torch.equal(drawn.spacing, torch.ones(3))


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    first, again, other = (spine_phantoms(40, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.landmarks, again.landmarks)
    assert not torch.equal(first.landmarks, other.landmarks)
    assert len({tuple(row.flatten().tolist()) for row in first.landmarks}) == 40


@pytest.mark.parametrize("name", [field.name for field in fields(SpinePhantomConfig)])
def test_every_setting_changes_the_picture(name):
    usual, changed = spine_phantoms(4), spine_phantoms(4, SpinePhantomConfig(**{name: OTHER[name]}))
    assert usual.images.shape != changed.images.shape or not torch.equal(usual.images, changed.images)


@pytest.mark.parametrize("config", [{}, {"view": "ap"}, {"slip": 1.0}, {"rotation": 30.0}, {"missing": 3}])
def test_they_are_possible_spines_and_cost_next_to_nothing(config):
    drawn = spine_phantoms(64, SpinePhantomConfig(**config))
    known = {"reference": drawn.landmarks, "mask": drawn.mask}
    wrong = structure_violations(drawn.landmarks, drawn.skeleton, **known)
    assert (wrong.order, wrong.orientation, wrong.sides) == (0, 0, 0)
    assert structure_loss(drawn.landmarks, drawn.skeleton, **known).total < 1e-4


@pytest.mark.parametrize("view", ["ap", "lateral"])
def test_bodies_are_bright_and_discs_dark(view):
    """The picture and the landmarks agree: that is what the landmarks are for."""
    drawn = spine_phantoms(32, SpinePhantomConfig(view=view, noise=0.0))
    corners = drawn.landmarks[:, :20].unflatten(1, (5, 4))
    body = corners.mean(2)
    disc = (corners[:, :-1, 2:].mean(2) + corners[:, 1:, :2].mean(2)) / 2
    inside, between = (
        drawn.images[torch.arange(32)[:, None], 0, at[..., 1].round().long(), at[..., 0].round().long()]
        for at in (body, disc)
    )
    assert (inside.mean(1) > between.mean(1) + 0.1).all()


def test_an_edge_runs_through_each_landmark():
    """Moved inward the corner is bright, outward dark, in the mean over images."""
    drawn = spine_phantoms(64, SpinePhantomConfig(view="ap", noise=0.0))
    corners = drawn.landmarks.unflatten(1, (5, 4))
    away = torch.nn.functional.normalize(corners - corners.mean(2, keepdim=True), dim=-1)
    size = torch.tensor([128, 128])
    values = []
    for distance in (-2.5, 0.0, 2.5):
        grid = (2 * (corners + distance * away) + 1) / size - 1
        values.append(torch.nn.functional.grid_sample(drawn.images, grid, align_corners=False).mean((0, 1, 2)))
    assert (values[0] > values[1] + 0.02).all()
    assert (values[1] > values[2] + 0.02).all()


def test_landmarks_behind_the_shutter_are_masked_and_their_pixels_black():
    drawn = spine_phantoms(64, SpinePhantomConfig(missing=3, noise=0.0))
    hidden = ~drawn.mask[:, :20].unflatten(1, (5, 4))
    assert torch.equal(hidden.any(-1), hidden.all(-1))  # whole vertebrae
    assert 0 < hidden.any(-1).sum() < hidden.any(-1).numel()
    bodies = drawn.landmarks[:, :20].unflatten(1, (5, 4)).mean(2).round().long()
    values = drawn.images[torch.arange(64)[:, None], 0, bodies[..., 1], bodies[..., 0]]
    assert values[hidden.any(-1)].max() < 0.05
    assert values[~hidden.any(-1)].min() > 0.2


def test_what_is_outside_the_image_is_masked():
    drawn = spine_phantoms(16, SpinePhantomConfig(width=32, rotation=45.0))
    outside = ((drawn.landmarks < -0.5) | (drawn.landmarks >= torch.tensor([31.5, 127.5]))).any(-1)
    assert outside.any()
    assert torch.equal(drawn.mask, ~outside)


def test_noise_has_the_deviation_it_says():
    clean, noisy = (spine_phantoms(8, SpinePhantomConfig(noise=noise)).images for noise in (0.0, 0.1))
    assert (noisy - clean).std().item() == pytest.approx(0.1, rel=0.02)


def test_no_image_is_refused():
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        spine_phantoms(0)
