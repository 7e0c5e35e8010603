"""What a loss of several parts gives back."""

import pytest
import torch

from diffshape.losses import LossTerms, mesh_loss

CORNERS = torch.tensor([[[0.0, 0, 0], [3, 0, 0], [0, 4, 0]], [[0, 0, 0], [1, 0, 0], [0, 1, 0]]])
FACES = torch.tensor([[0, 1, 2]])


def a_value_a_sample(pred):
    return mesh_loss(pred, torch.zeros_like(pred), FACES, reduction="none")


def test_a_scalar_total_backpropagates_and_its_parts_do_not():
    weight = torch.tensor(2.0, requires_grad=True)
    terms = LossTerms(3 * weight, {"weight": weight})
    terms.backward()
    assert weight.grad == 3
    assert not terms.parts["weight"].requires_grad


def test_a_total_a_sample_says_how_to_go_on():
    pred = CORNERS.clone().requires_grad_()
    terms = a_value_a_sample(pred)
    assert terms.total.shape == terms.parts["vertex"].shape == (2,)
    with pytest.raises(
        ValueError, match=r"^LossTerms\.backward: total must be one number, got shape \(2,\); call terms"
    ):
        terms.backward()
    terms.total.mean().backward()
    mean = CORNERS.clone().requires_grad_()
    mesh_loss(mean, torch.zeros_like(mean), FACES).backward()
    torch.testing.assert_close(pred.grad, mean.grad)


def test_logs_and_text_are_means_over_samples():
    terms = LossTerms(torch.tensor([1.0, 2.0]), {"points": torch.tensor([0.25, 0.5]), "found": torch.tensor(7)})
    assert terms.log() == {"loss": 1.5, "points": 0.375, "found": 7}
    assert str(terms) == "1.5 (points 0.375, found 7)"


def test_the_repr_is_a_line():
    terms = LossTerms(torch.tensor(1.5, requires_grad=True), {"points": torch.tensor(1 / 3)})
    assert repr(terms) == "LossTerms(total=1.5, parts={'points': 0.3333})"
