import torch

from diffshape.models import LandmarkTraining
from diffshape.models.landmarks.augmentation import augmented
from diffshape.ops import gaussian_heatmaps

NONE = {"rotate": 0.0, "zoom": 0.0, "shift": 0.0, "gain": 0.0}
LANDMARKS = torch.tensor([[[20.0, 30.0], [70.5, 12.25]], [[40.0, 40.0], [10.0, 50.0]]])


def change(landmarks=LANDMARKS, seed=0, **options):
    images = gaussian_heatmaps(landmarks, (64, 96), sigma=3.0).sum(1, keepdim=True)
    mask = torch.ones(landmarks.shape[:2], dtype=torch.bool)
    config = LandmarkTraining(**{**NONE, **options})
    return images, *augmented(images, landmarks, mask, config, torch.Generator().manual_seed(seed))


def test_no_change_is_none():
    before, after, landmarks, mask = change()
    torch.testing.assert_close(after, before, atol=1e-4, rtol=0)
    torch.testing.assert_close(landmarks, LANDMARKS)
    assert mask.all()


def test_images_and_landmarks_move_together():
    """The peak of a spot drawn at a landmark stays at it, on an image that is not square."""
    for seed in range(5):
        _, after, landmarks, _ = change(LANDMARKS[:, :1], seed, rotate=15.0, zoom=0.2, shift=0.1)
        assert (landmarks - LANDMARKS[:, :1]).norm(dim=-1).min() > 0.3
        peak = after.flatten(1).argmax(1)
        found = torch.stack([peak % 96, peak // 96], dim=-1)[:, None]
        assert (found - landmarks).abs().max() < 1.0


def test_distances_scale_and_nothing_else():
    for seed in range(5):
        _, _, landmarks, _ = change(seed=seed, rotate=40.0, shift=0.2)
        before, after = ((each[:, 0] - each[:, 1]).norm(dim=-1) for each in (LANDMARKS, landmarks))
        torch.testing.assert_close(after, before)
    _, _, landmarks, _ = change(zoom=0.3)
    ratio = (landmarks[:, 0] - landmarks[:, 1]).norm(dim=-1) / (LANDMARKS[:, 0] - LANDMARKS[:, 1]).norm(dim=-1)
    assert ((ratio > 0.7) & (ratio < 1.3) & ((ratio - 1).abs() > 1e-3)).all()


def test_what_leaves_the_image_is_masked():
    edge = torch.tensor([[[95.0, 32.0], [48.0, 32.0]]])
    hidden = [not change(edge, seed, shift=0.3)[3][0, 0] for seed in range(20)]
    assert 3 < sum(hidden) < 17
    assert all(change(edge, seed, shift=0.3)[3][0, 1] for seed in range(20))


def test_gain_changes_values_by_a_line():
    before, after, _, _ = change(gain=0.5)
    for one, other in zip(before.flatten(1), after.flatten(1)):
        slope = (other.max() - other.min()) / (one.max() - one.min())
        assert 0.5 <= slope <= 1.5
        torch.testing.assert_close(other, slope * (one - one.min()) + other.min(), atol=1e-4, rtol=0)
