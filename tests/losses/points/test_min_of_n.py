"""Min-of-N: by hand, who learns, and what is refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import losses

D = torch.tensor([[1.0, 5.0, 2.0], [3.0, 2.0, 2.0], [4.0, 9.0, 8.0]])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 5 / 3),
        ({"reduction": "sum"}, 5.0),
        ({"reduction": "none"}, [1.0, 2.0, 2.0]),
        ({"relaxation": 0.2, "reduction": "none"}, [0.8 + 0.1 * 7, 1.6 + 0.1 * 14, 1.6 + 0.1 * 10]),
    ],
)
def test_hand_computed_values(options, expected):
    torch.testing.assert_close(losses.min_of_n(D, **options), torch.tensor(expected))


def test_only_the_best_learns_and_a_tie_goes_to_the_first():
    distances = D.clone().requires_grad_()
    losses.min_of_n(distances, reduction="sum").backward()
    assert distances.grad.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_relaxed_all_learn_a_little():
    distances = D.clone().requires_grad_()
    losses.min_of_n(distances, relaxation=0.2, reduction="sum").backward()
    torch.testing.assert_close(distances.grad[:, 1], torch.tensor([0.1, 0.8, 0.1]))


@given(st.integers(1, 6), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_it_never_exceeds_the_mean(n, seed):
    distances = torch.rand(n, 4, generator=torch.Generator().manual_seed(seed)).double()
    assert losses.min_of_n(distances) <= distances.mean() + 1e-12
    relaxed = losses.min_of_n(distances, relaxation=1 - 1 / n)
    torch.testing.assert_close(relaxed, distances.mean())


def test_one_candidate_is_the_ordinary_loss():
    assert losses.min_of_n(D[:1]).item() == pytest.approx(8 / 3)
    assert losses.min_of_n(D[:1], relaxation=0.5).item() == pytest.approx(8 / 3)


@pytest.mark.parametrize(
    ("distances", "relaxation", "message"),
    [
        (torch.zeros(3), 0, r"distances must have shape \(n, B\) with n >= 1, got \(3,\)"),
        (torch.zeros(0, 3), 0, r"distances must have shape \(n, B\) with n >= 1, got \(0, 3\)"),
        (D, 1.0, r"relaxation must lie in \[0, 1\), got 1.0"),
        (D, -0.1, r"relaxation must lie in \[0, 1\), got -0.1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(distances, relaxation, message):
    with pytest.raises(ValueError, match=f"^min_of_n: {message}"):
        losses.min_of_n(distances, relaxation=relaxation)
