import torch

from diffshape.models.occupancy.threshold import CANDIDATES, best_threshold


def test_the_threshold_is_a_probability_not_a_logit():
    """Probabilities 0.6 outside and 0.8 inside, logits of 0.41 and 1.39."""
    logits = torch.tensor([[0.6, 0.6, 0.8, 0.8]]).logit()
    occupied = torch.tensor([[False, False, True, True]])
    assert best_threshold(logits, occupied) == 0.65  # of 0.65 to 0.8 the nearest to a half
    assert 0.5 in CANDIDATES


def test_shapes_count_alike():
    """Two small shapes that want a low threshold outweigh one large shape that wants a high one."""
    low, high = torch.tensor([0.2, 0.1, 0.1, 0.1]).logit(), torch.tensor([0.9, 0.9, 0.9, 0.6]).logit()
    small, large = torch.tensor([True, False, False, False]), torch.tensor([True, True, True, False])
    assert best_threshold(torch.stack([low, low, high]), torch.stack([small, small, large])) == 0.2
    assert best_threshold(torch.stack([high, high]), torch.stack([large, large])) == 0.65


def test_where_nothing_is_better_it_is_a_half():
    assert best_threshold(torch.tensor([[-9.0, 9.0]]), torch.tensor([[False, True]])) == 0.5
