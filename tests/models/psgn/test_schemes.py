from dataclasses import replace

import pytest
import torch

from diffshape.losses import chamfer_distance, earth_mover_distance
from diffshape.models import PSGN, PSGNConfig, PSGNNetwork
from diffshape.models.psgn import schemes
from diffshape.models.psgn.model import random_vectors
from diffshape.models.psgn.schemes import SCHEMES, distances_to

SMALL = PSGNNetwork(size=(16, 16), widths=(4, 8, 8), hidden=(16,), points=20)
IMAGES = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))
TARGETS = torch.rand(3, 20, 3, generator=torch.Generator().manual_seed(2)) - 0.5


def model_of(**options):
    torch.manual_seed(0)
    return PSGN(PSGNConfig(network=SMALL, **options))


def terms_of(model):
    return SCHEMES[model.config.scheme](model, IMAGES, TARGETS, torch.Generator().manual_seed(3))


def gradients(model, total):
    return [
        torch.zeros_like(each) if gradient is None else gradient
        for each, gradient in zip(
            model.parameters(), torch.autograd.grad(total, list(model.parameters()), allow_unused=True)
        )
    ]


def candidates(model):
    """The distances (n, B) of the answers that the scheme draws, all with their gradients."""
    generator = torch.Generator().manual_seed(3)
    noise = [random_vectors(model.config, IMAGES, generator) for _ in range(model.config.tries)]
    return torch.stack([distances_to(model.config, model(IMAGES, each), TARGETS) for each in noise])


def saved_bytes(model):
    """Bytes that the graph of a loss keeps for its backward pass."""
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        terms = terms_of(model)
    assert terms.total.requires_grad
    return sum(kept.values())


def test_the_gradient_of_min_of_n_is_that_of_the_winner_of_each_image():
    model = model_of(candidates=5)
    distances = candidates(model)
    winners = distances.argmin(0)
    assert len(winners.unique()) > 1  # or the best of the batch would do
    terms = terms_of(model)
    torch.testing.assert_close(terms.total, distances.amin(0).mean())
    wanted = gradients(model, distances.gather(0, winners[None]).mean())
    for one, other in zip(gradients(model, terms.total), wanted):
        torch.testing.assert_close(one, other)


def test_an_image_is_encoded_once_for_all_candidates():
    model, calls = model_of(candidates=5), []
    model.encoder.register_forward_hook(lambda *_: calls.append(1))
    terms_of(model)
    assert len(calls) == 1


def test_the_best_is_found_by_some_of_the_points_and_learnt_by_all(monkeypatch):
    monkeypatch.setattr(schemes, "_JUDGED", 5)
    model = model_of(candidates=6)
    generator = torch.Generator().manual_seed(3)
    noise = torch.stack([random_vectors(model.config, IMAGES, generator) for _ in range(6)])
    rows = torch.randperm(20, generator=generator)[:5]
    answers = [model(IMAGES, each) for each in noise]
    few = torch.stack([distances_to(model.config, each[:, rows], TARGETS[:, :5]) for each in answers])
    every = torch.stack([distances_to(model.config, each, TARGETS) for each in answers])
    assert not torch.equal(few.argmin(0), every.argmin(0))
    torch.testing.assert_close(terms_of(model).total, every.gather(0, few.argmin(0)[None]).mean())


def test_the_best_of_one_is_the_ordinary_loss():
    model = model_of(candidates=1)
    terms, distances = terms_of(model), candidates(model)
    torch.testing.assert_close(terms.total, distances[0].mean())
    assert torch.equal(terms.parts["best"], terms.parts["mean"])
    relaxed = PSGN(replace(model.config, relaxation=0.3))
    relaxed.load_state_dict(model.state_dict())
    torch.testing.assert_close(terms_of(relaxed).total, terms.total)


def test_the_best_is_never_worse_than_the_mean():
    terms = terms_of(model_of(candidates=6))
    assert terms.parts["best"] < terms.parts["mean"]
    torch.testing.assert_close(terms.parts["best"], terms.total.detach())


def test_a_relaxation_shares_out_its_weight():
    model = model_of(candidates=4, relaxation=0.3)
    distances = candidates(model)
    best = distances.amin(0)
    wanted = (0.7 * best + 0.3 / 3 * (distances.sum(0) - best)).mean()
    terms = terms_of(model)
    torch.testing.assert_close(terms.total, wanted)
    for one, other in zip(gradients(model, terms.total), gradients(model, wanted)):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("relaxation", [0.0, 0.2])
def test_memory_does_not_grow_with_the_number_of_candidates(relaxation):
    few, many = (saved_bytes(model_of(candidates=count, relaxation=relaxation)) for count in (2, 12))
    # with a relaxation all random vectors and distances are kept, 2 + 1 numbers for each of 3 images
    assert many - few <= (0 if not relaxation else 10 * 3 * 4 * (2 + 2))
    everything = saved_bytes(model_of(scheme="deterministic"))
    assert few < 2 * everything


def test_every_image_has_a_random_vector_of_its_own():
    noise = random_vectors(PSGNConfig(latent=4), IMAGES, torch.Generator().manual_seed(0))
    assert noise.shape == (3, 4)
    assert len(noise.unique(dim=0)) == 3
    assert random_vectors(PSGNConfig(scheme="deterministic"), IMAGES, torch.Generator()).shape == (3, 0)


def test_the_divergence_of_a_vae_is_summed_and_weighted():
    model = model_of(scheme="vae", latent=5, kl_weight=0.25)
    assert model.posterior is not None
    with torch.no_grad():
        model.posterior.last.bias[:5] = 2.0  # the mean; the variance is 1
    terms = terms_of(model)
    assert terms.parts["divergence"].item() == pytest.approx(5 * 4 / 2)
    torch.testing.assert_close(terms.total.detach(), terms.parts["distance"] + 0.25 * 10)


def test_a_vae_finds_its_random_vector_in_the_points():
    model = model_of(scheme="vae")
    reached = torch.autograd.grad(terms_of(model).parts["distance"].sum() + terms_of(model).total, model.parameters())
    names = [name for name, _ in model.named_parameters()]
    assert reached[names.index("posterior.last.weight")].abs().sum() > 0


def test_distances_by_their_names():
    points = torch.rand(3, 20, 3)
    there = chamfer_distance(points, TARGETS, direction="x_to_y", reduction="none")
    back = chamfer_distance(points, TARGETS, direction="y_to_x", reduction="none")
    wanted = {"chamfer": there + back, "weighted_chamfer": 0.5 * there + back}
    for name, value in wanted.items():
        torch.testing.assert_close(distances_to(PSGNConfig(loss=name), points, TARGETS), value)
    pairs = PSGNConfig(network=SMALL, loss="earth_mover", target_points=20)
    exact = earth_mover_distance(points, TARGETS, reduction="none")
    found = distances_to(pairs, points, TARGETS)
    assert bool((found >= exact - 1e-6).all() and (found <= 1.01 * exact).all())


def test_coincident_points_have_finite_gradients():
    points = TARGETS.clone().requires_grad_()
    for config in (PSGNConfig(), PSGNConfig(network=SMALL, loss="earth_mover", target_points=20)):
        (gradient,) = torch.autograd.grad(distances_to(config, points, TARGETS).sum(), points)
        assert bool(gradient.isfinite().all())
