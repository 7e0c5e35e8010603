import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import heatmap_divergence
from diffshape.ops import gaussian_heatmaps

KINDS = ["js", "kl", "reverse_kl"]


def maps(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + 0.01


def test_hand_values():
    p, q = torch.tensor([[0.25, 0.75]], dtype=torch.float64), torch.tensor([[0.5, 0.5]], dtype=torch.float64)
    kl = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    reverse = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    left = 0.25 * math.log(0.25 / 0.375) + 0.75 * math.log(0.75 / 0.625)
    right = 0.5 * math.log(0.5 / 0.375) + 0.5 * math.log(0.5 / 0.625)
    for kind, expected in {"kl": kl, "reverse_kl": reverse, "js": (left + right) / 2}.items():
        for pred, from_logits in ((p.log(), True), (4 * p, False)):
            loss = heatmap_divergence(pred, 3 * q, kind=kind, from_logits=from_logits)
            assert loss.item() == pytest.approx(expected, abs=1e-12)


def test_slope_of_kl_in_the_logits_is_the_difference_of_shares():
    pred, target = maps(2, 3, 4).requires_grad_(), maps(2, 3, 4, seed=1)
    heatmap_divergence(pred, target, kind="kl", reduction="sum").backward()
    expected = pred.detach().flatten(1).softmax(-1) - (target.flatten(1) / target.sum((-2, -1))[:, None])
    torch.testing.assert_close(pred.grad.flatten(1), expected)


@given(seed=st.integers(0, 1000), shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_range_and_invariances(seed, shift, scale):
    pred, target = 5 * maps(2, 3, 4, seed=seed), maps(2, 3, 4, seed=seed + 1)
    for kind in KINDS:
        loss = heatmap_divergence(pred, target, kind=kind)
        assert loss >= 0
        torch.testing.assert_close(heatmap_divergence(pred + shift, scale * target, kind=kind), loss)
        torch.testing.assert_close(heatmap_divergence(pred.flip(1, 2), target.flip(1, 2), kind=kind), loss)
        same = heatmap_divergence(target.log(), target, kind=kind)
        torch.testing.assert_close(same, torch.zeros_like(same))
    js = heatmap_divergence(pred, target)
    assert js <= math.log(2)
    torch.testing.assert_close(heatmap_divergence(target.log(), pred.exp()), js)


def test_gradcheck():
    pred, target = maps(2, 2, 3), maps(2, 2, 3, seed=1)
    for kind in KINDS:
        for from_logits in (True, False):
            function = lambda p, k=kind, f=from_logits: heatmap_divergence(p, target, kind=k, from_logits=f)  # noqa: E731
            assert torch.autograd.gradcheck(function, pred.requires_grad_())
            assert torch.autograd.gradgradcheck(function, pred)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_trap_h13_zeros_and_saturation_are_finite_in_every_precision(dtype, kind):
    """A target that underflows to 0, and logits that do: an added 1e-24 is 0 in half precision, and 0 ln 0 is NaN."""
    target = gaussian_heatmaps(torch.tensor([[5.0, 5.0]]), (60, 60), sigma=1.0).to(dtype)
    assert (target == 0).any()
    for pred, from_logits in (
        (torch.zeros(1, 60, 60), True),
        (torch.zeros(1, 60, 60), False),
        (1e4 * torch.eye(60)[None], True),
        (torch.eye(60)[None], False),
    ):
        p = pred.to(dtype).requires_grad_()
        loss = heatmap_divergence(p, target, kind=kind, from_logits=from_logits)
        loss.backward()
        assert loss.dtype == torch.float32
        assert torch.isfinite(loss)
        assert torch.isfinite(p.grad).all()


def test_empty_channels_do_not_count():
    pred = maps(1, 3, 4, 4)
    target = gaussian_heatmaps(torch.tensor([[[1.0, 1.0], [-9.0, 0.0], [2.0, 3.0]]], dtype=torch.float64), (4, 4))
    kept = [0, 2]
    torch.testing.assert_close(heatmap_divergence(pred, target), heatmap_divergence(pred[:, kept], target[:, kept]))
    assert heatmap_divergence(pred, target, reduction="none")[0, 1] == 0
    assert heatmap_divergence(pred, torch.zeros_like(pred)) == 0


def test_masked_nan_goes_nowhere():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    expected = heatmap_divergence(pred[:, :1], target[:, :1])
    pred[:, 1], target[:, 1] = torch.nan, torch.nan
    pred.requires_grad_()
    loss = heatmap_divergence(pred, target, mask=torch.tensor([[True, False]]))
    loss.backward()
    torch.testing.assert_close(loss, expected)
    assert torch.isfinite(pred.grad).all()


def test_compiles():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    compiled = torch.compile(heatmap_divergence, fullgraph=True, backend="eager")
    for kind in KINDS:
        torch.testing.assert_close(compiled(pred, target, kind=kind), heatmap_divergence(pred, target, kind=kind))


def test_wrong_arguments():
    pred = torch.zeros(1, 2, 3, 3)
    with pytest.raises(ValueError, match="kind must be"):
        heatmap_divergence(pred, pred, kind="forward")
    with pytest.raises(ValueError, match=r"pred must have shape \(\.\.\., H, W\)"):
        heatmap_divergence(torch.zeros(3), torch.zeros(3))
    with pytest.raises(ValueError, match=r"mask must have shape \(1, 2\)"):
        heatmap_divergence(pred, pred, mask=torch.ones(1, 2, 3, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match="mask must be boolean"):
        heatmap_divergence(pred, pred, mask=torch.ones(1, 2))
    with pytest.raises(ValueError, match="target must have shape"):
        heatmap_divergence(pred, pred[:, :1])
