import math

import pytest
import torch

from diffshape.losses import (
    LandmarkLoss,
    Skeleton,
    TermSchedule,
    beta_nll,
    heatmap_divergence,
    heatmap_focal_loss,
    heatmap_mse,
    structure_loss,
    wing_loss,
)
from diffshape.ops import gaussian_heatmaps, heatmap_soft_argmax

SIZE = (24, 32)
SKELETON = Skeleton.anteroposterior(1)
KINDS = ["divergence", "adaptive_wing", "mse"]


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def square(batch=2):
    corners = torch.tensor([[6.0, 5.0], [24.0, 5.0], [6.0, 17.0], [24.0, 17.0]], dtype=torch.float64)
    return corners + 0.5 * draw(batch, 4, 2, seed=9)


def test_terms_by_hand():
    target, logits, log_variance = square(), 3 * draw(2, 4, *SIZE), draw(2, 4, 2, seed=1)
    objective = LandmarkLoss(SKELETON)
    terms = objective(logits, target, log_variance=log_variance)
    landmarks = heatmap_soft_argmax(logits)
    deviations = objective.bound_log_variance(log_variance) - 2 * math.log(10)
    expected = {
        "heatmap": heatmap_divergence(logits, gaussian_heatmaps(target, SIZE)),
        "coordinate": wing_loss(landmarks, target) / (10 * math.log(6)),
        "anatomical": structure_loss(landmarks, SKELETON, reference=target).total,
        "uncertainty": beta_nll(landmarks / 10, target / 10, deviations),
    }
    assert list(terms.parts) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms.parts[name], value)
    weights = {"heatmap": 1.0, "coordinate": 0.5, "anatomical": 0.1, "uncertainty": 0.1}
    torch.testing.assert_close(terms.total, sum(weights[name] * value for name, value in expected.items()))


def test_trap_m3_every_weight_and_choice_acts_and_parts_are_detached():
    target, maps, log_variance = square(), draw(2, 4, *SIZE), draw(2, 4, 2, seed=1)
    maps.requires_grad_()

    def total(**options):
        return LandmarkLoss(SKELETON, **options)(maps, target, log_variance=log_variance).total.item()

    changes = [
        {"lambda_heatmap": 2.0}, {"lambda_coordinate": 2.0}, {"lambda_anatomical": 2.0}, {"lambda_uncertainty": 2.0},
        {"heatmap": "adaptive_wing"}, {"heatmap": "mse"}, {"coordinate": "smooth_l1"}, {"coordinate": "euclidean"},
        {"uncertainty": "gaussian"}, {"uncertainty": "laplace"}, {"sigma": 3.0}, {"scale": 5.0},
        {"deviation_bounds": (0.5, 2.0)},
    ]  # fmt: skip
    assert len({round(total(**change), 9) for change in [{}, *changes]}) == len(changes) + 1
    parts = LandmarkLoss(SKELETON)(maps, target, log_variance=log_variance).parts
    assert not any(part.requires_grad for part in parts.values())


def test_terms_without_input_or_weight_are_left_out():
    target, logits = square(), draw(2, 4, *SIZE)
    assert list(LandmarkLoss()(logits, target).parts) == ["heatmap", "coordinate"]
    assert list(LandmarkLoss(SKELETON, lambda_coordinate=0)(logits, target).parts) == ["heatmap", "anatomical"]
    alone = LandmarkLoss(SKELETON, lambda_heatmap=0, lambda_coordinate=0, lambda_anatomical=0)
    terms = alone(logits, target, log_variance=draw(2, 4, 2))  # trap M3: a lone uncertainty counts
    torch.testing.assert_close(terms.total, 0.1 * terms.parts["uncertainty"])


@pytest.mark.parametrize("heatmap", KINDS)
@pytest.mark.parametrize("size", [64, 256])
def test_trap_m1_terms_are_of_one_size_at_any_resolution(heatmap, size):
    target = torch.tensor([[[size / 2 - 10.0, size / 2 - 0.5]]])
    parts = LandmarkLoss(heatmap=heatmap)(torch.zeros(1, 1, size, size), target).parts
    low, high = (0.6, math.log(2)) if heatmap == "divergence" else (1, 1)
    assert low - 1e-6 <= parts["heatmap"] <= high + 1e-6
    assert 0.4 < parts["coordinate"] < 1


def test_trap_m1_the_literal_means_are_95000_to_1():
    """Half a Wing loss at 3 px beside the mean squared error of a map of zeros, 512 x 512, sigma 2."""
    maps = gaussian_heatmaps(torch.tensor([[[200.0, 300.0]]]), (512, 512))
    ratio = 0.5 * wing_loss(torch.tensor([3.0]), torch.zeros(1)) / heatmap_mse(torch.zeros_like(maps), maps)
    assert ratio.item() == pytest.approx(95_500, rel=0.01)


@pytest.mark.parametrize("coordinate", ["wing", "smooth_l1", "euclidean"])
def test_a_miss_of_one_scale_costs_one(coordinate):
    logits = torch.full((1, 1, 8, 40), -1e4, dtype=torch.float64)
    logits[..., 4, 5] = 0
    target = torch.tensor([[[15.0, 4.0]]], dtype=torch.float64)
    part = LandmarkLoss(coordinate=coordinate)(logits, target).parts["coordinate"].item()
    assert part == pytest.approx(1 if coordinate == "euclidean" else 0.5, rel=1e-9)  # the others take y in, too


def test_trap_d1_values_are_not_decoded_as_logits():
    target = torch.tensor([[[10.0, 15.0]]])
    maps = gaussian_heatmaps(target, (128, 128), sigma=2.0)
    for heatmap in ("adaptive_wing", "mse"):
        parts = LandmarkLoss(heatmap=heatmap)(maps, target).parts
        assert parts["heatmap"] == 0
        assert parts["coordinate"] < 1e-4


def test_schedule_begins_with_the_heatmaps_and_adds_terms():
    target, logits, log_variance = square(), draw(2, 4, *SIZE), draw(2, 4, 2, seed=1)
    objective = LandmarkLoss(SKELETON, schedule=TermSchedule(coordinate=0.2, anatomical=0.4, uncertainty=0.6, ramp=0.1))
    names = ["heatmap", "coordinate", "anatomical", "uncertainty"]
    for progress, count in ((0.0, 1), (0.25, 2), (0.45, 3), (0.65, 4)):
        terms = objective(logits, target, log_variance=log_variance, progress=progress)
        assert list(terms.parts) == names[:count]
    early = objective(logits, target, progress=0.25)
    torch.testing.assert_close(early.total, early.parts["heatmap"] + 0.5 * 0.5 * early.parts["coordinate"])
    full = objective(logits, target, log_variance=log_variance)
    torch.testing.assert_close(objective(logits, target, log_variance=log_variance, progress=0.7).total, full.total)
    assert TermSchedule(ramp=0).factor("anatomical", 0.3) == 1
    assert TermSchedule(ramp=0).factor("anatomical", 0.29) == 0


def test_learnt_weights_start_at_the_lambdas():
    target, logits = square(), draw(2, 4, *SIZE).requires_grad_()
    fixed, learnt = (LandmarkLoss(SKELETON, learn_weights=flag) for flag in (False, True))
    assert not list(fixed.parameters())
    assert sorted(learnt.log_weights) == ["anatomical", "coordinate", "heatmap"]
    slopes = [torch.autograd.grad(each(logits, target).total, logits)[0] for each in (fixed, learnt)]
    torch.testing.assert_close(*slopes, rtol=1e-6, atol=1e-9)


def test_learnt_weights_settle_at_one_over_the_term_within_their_reach():
    """d/ds (e^-s L / 2 + s / 2) = 0 at e^s = L; a term that is 0 would send s to minus infinity."""
    target, logits = square(), 3 * draw(2, 4, *SIZE)
    objective = LandmarkLoss(SKELETON, learn_weights=True)
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.05)
    for _ in range(600):
        optimizer.zero_grad()
        terms = objective(logits, target)
        terms.backward()
        optimizer.step()
    assert all(torch.isfinite(parameter) for parameter in objective.parameters())
    settled = sum(0.5 + 0.5 * math.log(part.item()) for part in terms.parts.values())
    assert terms.total.item() == pytest.approx(settled, abs=2e-2)
    assert "log_weights.heatmap" in objective.state_dict()


@pytest.mark.parametrize("heatmap", KINDS)
def test_trap_m2_one_mask_for_all_terms(heatmap):
    target, maps, log_variance = square(), draw(2, 4, *SIZE), draw(2, 4, 2, seed=1)
    mask = torch.tensor([[True, True, True, True], [True, False, False, True]])
    objective = LandmarkLoss(SKELETON, heatmap=heatmap)
    expected = objective(maps, target, log_variance=log_variance, mask=mask)
    maps[1, 1:3], target[1, 1:3], log_variance[1, 1:3] = torch.nan, torch.nan, torch.nan
    maps.requires_grad_(), log_variance.requires_grad_()
    terms = objective(maps, target, log_variance=log_variance, mask=mask)
    terms.backward()
    torch.testing.assert_close(terms.total, expected.total)
    assert torch.isfinite(maps.grad).all()
    assert torch.isfinite(log_variance.grad).all()
    nothing = objective(maps, target, log_variance=log_variance, mask=torch.zeros_like(mask))
    assert nothing.total == 0


def test_a_landmark_outside_the_image_trains_its_coordinates_only():
    target, logits = square(1), draw(1, 4, *SIZE)
    target[0, 0, 0] = -5
    parts = LandmarkLoss()(logits, target).parts
    seen = heatmap_divergence(logits[:, 1:], gaussian_heatmaps(target[:, 1:], SIZE))
    torch.testing.assert_close(parts["heatmap"], seen)


@pytest.mark.parametrize("heatmap", KINDS)
def test_gradcheck(heatmap):
    target, log_variance = 3 + draw(1, 4, 2), draw(1, 4, 2, seed=1).requires_grad_()
    maps = (draw(1, 4, 6, 7, seed=2).abs() + 0.1).requires_grad_()
    objective = LandmarkLoss(SKELETON, heatmap=heatmap, uncertainty="gaussian", scale=2.0)
    assert torch.autograd.gradcheck(lambda m, s: objective(m, target, log_variance=s).total, (maps, log_variance))


def test_descent_on_free_logits_finds_the_landmarks():
    """From flat maps, within a tenth of a pixel; the literal focal loss leaves its argmax where it was (trap H1)."""
    target = square(1).float()
    logits = torch.zeros(1, 4, *SIZE, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    objective = LandmarkLoss(SKELETON)
    for step in range(300):
        optimizer.zero_grad()
        objective(logits, target, progress=step / 300).backward()
        optimizer.step()
    assert (heatmap_soft_argmax(logits) - target).abs().max() < 0.1
    literal = torch.zeros(1, 4, *SIZE, requires_grad=True)
    heatmap_focal_loss(literal, gaussian_heatmaps(target.round(), SIZE), kind="background").backward()
    x, y = target[0, 0].round().long()
    assert literal.grad[0, 0, y, x] == 0


def test_half_precision_and_compile():
    target, logits = square(), 3 * draw(2, 4, *SIZE)
    objective = LandmarkLoss(SKELETON)
    expected = objective(logits, target).total
    torch.testing.assert_close(objective(logits.half(), target).total.double(), expected, rtol=1e-2, atol=1e-2)
    compiled = torch.compile(lambda m: objective(m, target).total, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(logits), expected)


def test_wrong_arguments():
    objective, logits = LandmarkLoss(), torch.zeros(2, 4, *SIZE)
    with pytest.raises(ValueError, match=r"heatmaps must have shape \(B, K, H, W\)"):
        objective(logits[0], torch.zeros(4, 2))
    with pytest.raises(ValueError, match=r"target must have shape \(2, 4, 2\)"):
        objective(logits, torch.zeros(2, 5, 2))
    with pytest.raises(ValueError, match=r"mask must be boolean, shape \(2, 4\)"):
        objective(logits, torch.zeros(2, 4, 2), mask=torch.ones(2, 4))
    with pytest.raises(ValueError, match=r"log_variance must have shape \(2, 4, 2\)"):
        objective(logits, torch.zeros(2, 4, 2), log_variance=torch.zeros(4, 2))
    with pytest.raises(ValueError, match=r"landmarks must be .* \(\.\.\., 20, 2\)"):
        LandmarkLoss(Skeleton.anteroposterior())(logits, torch.zeros(2, 4, 2))
    for name in ("heatmap", "coordinate", "uncertainty"):
        with pytest.raises(ValueError, match=f"LandmarkLoss: {name} must be one of '.*, got 'focal'"):
            LandmarkLoss(**{name: "focal"})
    with pytest.raises(ValueError, match="lambda_heatmap must be 0 or more"):
        LandmarkLoss(lambda_heatmap=-1.0)
    for options in ({"sigma": 0.0}, {"scale": 0.0}, {"deviation_bounds": (1.0, 1.0)}):
        with pytest.raises(ValueError, match="sigma, scale and deviation_bounds must be positive"):
            LandmarkLoss(**options)
