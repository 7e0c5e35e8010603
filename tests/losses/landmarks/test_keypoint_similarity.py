"""1 - OKS: by hand, hidden keypoints, scale, derivatives, refusals."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffshape import losses

PRED = torch.tensor([[[3.0, 4.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])
TARGET = torch.zeros(2, 2, 2)
AREAS, SIGMAS = torch.tensor([1250.0, 50.0]), torch.tensor([0.05, 0.1])


def test_hand_computed_values():
    expected = torch.tensor([(1 - math.exp(-1)) / 2, (1 - math.exp(-4 / (2 * 50 * 0.04))) / 2])
    found = losses.keypoint_similarity_loss(PRED, TARGET, AREAS, SIGMAS, reduction="none")
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(losses.keypoint_similarity_loss(PRED, TARGET, AREAS, SIGMAS), expected.mean())


def test_hidden_keypoints_do_not_count_and_objects_without_any_neither():
    mask = torch.tensor([[True, False], [False, False]])
    pred = torch.where(mask[..., None], PRED, math.nan).requires_grad_()
    value = losses.keypoint_similarity_loss(pred, TARGET, AREAS, SIGMAS, mask=mask)
    torch.testing.assert_close(value, torch.tensor(1 - math.exp(-1)))
    (gradient,) = torch.autograd.grad(value, pred)
    assert gradient.isfinite().all()
    assert not gradient[~mask].any()


@given(st.floats(0.01, 100))
def test_the_scale_of_the_image_changes_nothing(scale):
    expected = losses.keypoint_similarity_loss(PRED, TARGET, AREAS, SIGMAS)
    found = losses.keypoint_similarity_loss(scale * PRED, TARGET, scale**2 * AREAS, SIGMAS)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_small_errors_keep_their_digits():
    found = losses.keypoint_similarity_loss(1e-4 * PRED[:1], TARGET[:1], AREAS[:1], SIGMAS)
    assert found.item() == pytest.approx(25e-8 / 25 / 2, rel=1e-5)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_hidden(wrong):
    pred = PRED.clone()
    pred[0, 0, 1] = wrong
    with pytest.raises(ValueError, match=r"^keypoint_similarity_loss: pred must be finite, got"):
        losses.keypoint_similarity_loss(pred, TARGET, AREAS, SIGMAS)
    with pytest.raises(ValueError, match=r"^keypoint_similarity_loss: target must be finite, got"):
        losses.keypoint_similarity_loss(TARGET, pred, AREAS, SIGMAS)
    assert losses.keypoint_similarity_loss(1e30 * PRED, TARGET, AREAS, SIGMAS).item() == pytest.approx(0.5)


def test_derivatives():
    pred = PRED.double().requires_grad_()

    def loss(pred):
        return losses.keypoint_similarity_loss(pred, TARGET.double(), AREAS.double(), SIGMAS)

    assert torch.autograd.gradcheck(loss, pred)
    assert torch.autograd.gradgradcheck(loss, pred)


def test_the_compiler_sees_one_graph():
    compiled = torch.compile(losses.keypoint_similarity_loss, backend="aot_eager", fullgraph=True)
    expected = losses.keypoint_similarity_loss(PRED, TARGET, AREAS, SIGMAS)
    torch.testing.assert_close(compiled(PRED, TARGET, AREAS, SIGMAS), expected)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pred": torch.zeros(2)}, r"pred must have shape \(..., K, D\), got \(2,\)"),
        ({"target": torch.zeros(2, 2, 3)}, r"target must have shape \(2, 2, 2\) like pred, got \(2, 2, 3\)"),
        (
            {"areas": torch.ones(3)},
            r"areas must be floating point, shape \(2,\), one an object, got",
        ),
        ({"areas": torch.tensor([1.0, 0.0])}, "areas must be positive and finite, got 0 to 1"),
        ({"areas": torch.tensor([1.0, math.nan])}, "areas must be positive and finite"),
        ({"sigmas": torch.tensor([0.1])}, r"sigmas must have shape \(2,\), one a keypoint, got \(1,\)"),
        ({"sigmas": torch.tensor([0.1, -0.1])}, "sigmas must be positive and finite, got -0.1"),
        ({"mask": torch.ones(2).bool()}, r"mask must have shape \(2, 2\) like pred without its last dimension"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(changed, message):
    arguments = {"pred": PRED, "target": TARGET, "areas": AREAS, "sigmas": SIGMAS} | changed
    with pytest.raises(ValueError, match=f"^keypoint_similarity_loss: {message}"):
        losses.keypoint_similarity_loss(**arguments)
