import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.ops import gaussian_heatmaps, heatmap_argmax, heatmap_dark, heatmap_soft_argmax, normalize_landmarks


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@given(x=st.floats(9, 31), y=st.floats(9, 21), sigma=st.floats(1, 2))
@settings(max_examples=25, deadline=None)
def test_round_trip_of_every_decoder(x, y, sigma):
    point = tensor([x, y])
    maps = gaussian_heatmaps(point, (32, 42), sigma=sigma)
    assert (heatmap_argmax(maps) - point).abs().max() <= 0.5 + 1e-9
    torch.testing.assert_close(heatmap_dark(maps), point, rtol=0, atol=1e-9)
    torch.testing.assert_close(heatmap_dark(maps, sigma=sigma), point, rtol=0, atol=2e-3)
    torch.testing.assert_close(heatmap_soft_argmax(maps, from_logits=False), point, rtol=0, atol=1e-4)
    torch.testing.assert_close(heatmap_soft_argmax(maps.log()), point, rtol=0, atol=1e-4)


@given(x=st.floats(-0.4, 9.4), y=st.floats(-0.4, 7.4))
@settings(max_examples=25, deadline=None)
def test_dark_is_exact_up_to_the_border(x, y):
    point = tensor([x, y])
    torch.testing.assert_close(heatmap_dark(gaussian_heatmaps(point, (8, 10))), point, rtol=0, atol=1e-8)


def test_one_map_in_three_conventions():
    values = torch.zeros(5, 5, dtype=torch.float64)
    values[2, 3] = 0.6
    values[1, 3] = values[3, 3] = values[2, 2] = values[2, 4] = 0.1
    found = heatmap_soft_argmax(values, from_logits=False)
    assert found.tolist() == pytest.approx([3, 2], abs=1e-12)
    assert normalize_landmarks(found, (5, 5))[0].item() == pytest.approx(0.4, abs=1e-12)
    assert normalize_landmarks(found, (5, 5), align_corners=True)[0].item() == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(("temperature", "x", "slope"), [(1.0, 0.75, 0.1875), (0.5, 0.9, 0.18)])
def test_soft_argmax_hand_values(temperature, x, slope):
    logits = tensor([0, math.log(3)]).requires_grad_()
    found = heatmap_soft_argmax(logits, temperature=temperature)[0]
    found.backward()
    assert found.item() == pytest.approx(x, abs=1e-12)
    assert logits.grad.flatten().tolist() == pytest.approx([-slope, slope], abs=1e-12)


def test_trap_d1_the_softmax_of_a_perfect_map_lies_near_the_centre():
    maps = gaussian_heatmaps(tensor(100, 150), (512, 512), sigma=4.0)
    assert heatmap_soft_argmax(maps).tolist() == pytest.approx([255.42, 255.45], abs=0.01)
    assert heatmap_soft_argmax(maps, temperature=0.05).tolist() == pytest.approx([100.02, 150.01], abs=0.01)
    assert heatmap_soft_argmax(maps, from_logits=False).tolist() == pytest.approx([100, 150], abs=1e-6)


def test_trap_d2_dark_is_on_the_logarithm_with_its_mixed_derivative():
    """Without the logarithm the answer is (-0.024, +0.020) off here."""
    maps = gaussian_heatmaps(tensor(3.3, 2.6), (8, 8), sigma=1.0)
    assert heatmap_dark(maps).tolist() == pytest.approx([3.3, 2.6], abs=1e-9)
    grid = torch.stack(torch.meshgrid(torch.arange(9.0), torch.arange(9.0), indexing="xy"), -1).double()
    offset = grid - tensor(4.3, 3.8)
    slanted = torch.exp(-(offset @ tensor([0.4, 0.25], [0.25, 0.5]) * offset).sum(-1))
    assert heatmap_dark(slanted).tolist() == pytest.approx([4.3, 3.8], abs=1e-9)


def test_trap_d2_d3_every_channel_is_decoded_by_itself():
    points = 4 + 6 * torch.rand(3, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    maps = gaussian_heatmaps(points, (16, 18)) * torch.arange(1.0, 6)[:, None, None]
    torch.testing.assert_close(heatmap_dark(maps), points)
    together = heatmap_soft_argmax(maps, from_logits=False)
    apart = torch.stack([heatmap_soft_argmax(each, from_logits=False) for each in maps.flatten(0, 1)])
    torch.testing.assert_close(together.flatten(0, 1), apart)


def test_dark_without_a_maximum_keeps_the_highest_pixel():
    assert heatmap_dark(torch.zeros(4, 5)).tolist() == [0, 0]
    ramp = torch.arange(1.0, 6).expand(4, 5)
    assert heatmap_dark(ramp).tolist() == heatmap_argmax(ramp).tolist() == [4, 0]
    assert heatmap_dark(tensor([0, 1, 0], [0, 0, 0])).tolist() == [1, 0]
    lonely = torch.zeros(5, 5)
    lonely[2, 3] = 1
    assert heatmap_dark(lonely).tolist() == [3, 2]


def test_blur_finds_the_peak_of_noisy_maps():
    point = tensor(20.3, 14.7)
    noisy = gaussian_heatmaps(point, (32, 42), sigma=2.0) + 0.15 * draw(30, 32, 42)
    blurred, plain = ((heatmap_dark(noisy, sigma=sigma) - point).norm(dim=-1).mean() for sigma in (2.0, None))
    assert blurred < 0.5
    assert plain > 2 * blurred


@given(seed=st.integers(0, 1000), shift=st.floats(-30, 30))
@settings(max_examples=25, deadline=None)
def test_soft_argmax_invariances(seed, shift):
    logits = 3 * draw(2, 5, 6, seed=seed)
    found = heatmap_soft_argmax(logits)
    torch.testing.assert_close(heatmap_soft_argmax(logits + shift), found)
    torch.testing.assert_close(heatmap_soft_argmax(logits.exp(), from_logits=False), found)
    torch.testing.assert_close(heatmap_soft_argmax(logits.flip(-1)), tensor(5, 0) + found * tensor(-1, 1))
    torch.testing.assert_close(heatmap_soft_argmax(logits.mT), found.flip(-1))


def test_soft_argmax_gradcheck():
    logits = draw(2, 3, 4).requires_grad_()
    values = (draw(2, 3, 4, seed=1).abs() + 0.1).requires_grad_()
    for function, argument in (
        (heatmap_soft_argmax, logits),
        (lambda v: heatmap_soft_argmax(v, from_logits=False), values),
    ):
        assert torch.autograd.gradcheck(function, argument)
        assert torch.autograd.gradgradcheck(function, argument)


def test_soft_argmax_at_awkward_places():
    saturated = (1e4 * draw(4, 5)).requires_grad_()
    heatmap_soft_argmax(saturated).sum().backward()
    assert torch.isfinite(saturated.grad).all()
    empty = torch.zeros(4, 5, requires_grad=True)
    found = heatmap_soft_argmax(empty, from_logits=False)
    found.sum().backward()
    assert found.tolist() == [2, 1.5]
    assert torch.isfinite(empty.grad).all()
    assert heatmap_soft_argmax(torch.full((64, 64), 8.0).half()).tolist() == pytest.approx([31.5, 31.5])


def test_argmax_of_equals_is_the_first():
    assert heatmap_argmax(torch.zeros(2, 3, 4)).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("decode", [heatmap_argmax, heatmap_dark, heatmap_soft_argmax])
def test_compiles(decode):
    maps = gaussian_heatmaps(tensor([3.3, 2.6], [1.2, 4.0]), (8, 9))
    torch.testing.assert_close(torch.compile(decode, fullgraph=True, backend="eager")(maps), decode(maps))


@pytest.mark.parametrize("decode", [heatmap_argmax, heatmap_dark, heatmap_soft_argmax])
def test_wrong_arguments(decode):
    for maps in (torch.zeros(4), torch.zeros(3, 0, 4), torch.zeros(3, 4).long()):
        with pytest.raises(ValueError, match=f"{decode.__name__}: heatmaps must be floating point"):
            decode(maps)


def test_wrong_options():
    with pytest.raises(ValueError, match="temperature must be positive"):
        heatmap_soft_argmax(torch.zeros(2, 2), temperature=0)
    with pytest.raises(ValueError, match="temperature must be 1 with from_logits=False"):
        heatmap_soft_argmax(torch.zeros(2, 2), temperature=2, from_logits=False)
    with pytest.raises(ValueError, match="sigma must be positive or None"):
        heatmap_dark(torch.zeros(4, 4), sigma=0)


@pytest.mark.parametrize(("x", "most"), [(0.4, 0.5), (1.3, 0.5), (2.3, 0.25), (3.4, 0.1), (9.7, 0.02)])
def test_dark_with_a_blur_stays_in_the_image_beside_the_border(x, most):
    landmark = torch.tensor([[x, 30.0], [30.0, x], [63 - x, 30.0], [30.0, 63 - x]])
    found = heatmap_dark(gaussian_heatmaps(landmark, (64, 64), sigma=2.0), sigma=2.0)
    assert (found - landmark).abs().max() <= most + 1e-4
    assert ((found >= 0) & (found <= 63)).all()


def test_dark_keeps_the_peak_of_the_given_map():
    maps = torch.zeros(21, 21)
    maps[4, 4] = 1.0  # narrow and high
    maps[14:17, 14:17] = 0.9  # wide and lower: the peak of the blurred map
    assert (heatmap_dark(maps, sigma=2.0) - 4).abs().max() <= 1


@pytest.mark.parametrize(
    "decode",
    [heatmap_argmax, heatmap_dark, lambda maps: heatmap_dark(maps, sigma=1.0), heatmap_soft_argmax,
     lambda maps: heatmap_soft_argmax(maps, from_logits=False)],
)  # fmt: skip
def test_a_map_with_nan_has_no_place(decode):
    maps = torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = decode(maps)[1]
    maps[0, 3, 3] = torch.nan
    assert decode(maps)[0].isnan().all()
    torch.testing.assert_close(decode(maps)[1], expected)


def test_a_map_too_faint_to_divide_by_is_empty():
    maps = torch.full((4, 6), 1e-42).requires_grad_()
    place = heatmap_soft_argmax(maps, from_logits=False)
    torch.testing.assert_close(place, torch.tensor([2.5, 1.5]))
    assert torch.autograd.grad(place.sum(), maps)[0].isfinite().all()
