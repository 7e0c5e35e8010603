import pytest
import torch

from diffshape.models.codes import interpolated_codes


def test_both_ends_are_included_and_the_steps_are_equal():
    first, last = torch.tensor([0.0, 1.0]), torch.tensor([3.0, -2.0])
    found = interpolated_codes("blend", first, last, 4, 2)
    assert torch.allclose(found, torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, -1.0], [3.0, -2.0]]), atol=1e-6)


@pytest.mark.parametrize(
    ("last", "count", "message"),
    [
        (torch.zeros(3), 4, r"first and last must have shape \(2,\), got \(2,\) and \(3,\)"),
        (torch.zeros(1, 2), 4, r"got \(2,\) and \(1, 2\)"),
        (torch.zeros(2), 1, "count must be at least 2, got 1"),
    ],
)
def test_what_is_wrong_is_said(last, count, message):
    with pytest.raises(ValueError, match=f"^blend: .*{message}"):
        interpolated_codes("blend", torch.zeros(2), last, count, 2)
