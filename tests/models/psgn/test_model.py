import pytest
import torch

from diffshape.models import PSGN, PSGNConfig, PSGNNetwork, load

SMALL = PSGNNetwork(size=(16, 16), widths=(4, 8, 8), hidden=(16,), points=20)
GLASS = PSGNNetwork(size=(16, 16), widths=(4, 8, 8), hidden=(16,), points=20, grid_level=1)
IMAGES = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def model_of(network=SMALL, **options):
    torch.manual_seed(0)
    return PSGN(PSGNConfig(network=network, **options))


@pytest.mark.parametrize("network", [SMALL, GLASS])
def test_the_random_vector_changes_every_point_from_the_beginning(network):
    first, second = model_of(network).predict(IMAGES, count=2).unbind(1)
    moved = (first - second).norm(dim=-1)
    size = (first - first.mean(1, keepdim=True)).norm(dim=-1).mean()
    assert moved.min() > 0
    assert moved.mean() > 0.3 * size  # an extra channel of the image would move points a little


def test_images_change_answers_too():
    model = model_of()
    with torch.no_grad():
        answers = model(IMAGES, torch.zeros(3, 2))
    assert (answers[0] - answers[1]).norm(dim=-1).min() > 0


@pytest.mark.parametrize("network", [SMALL, GLASS])
def test_answers_have_the_right_shape(network):
    model = model_of(network)
    answers = model.predict(IMAGES, count=4)
    assert answers.shape == (3, 4, network.count, 3)
    assert model.predict(IMAGES[:0], count=4).shape == (0, 4, network.count, 3)


def test_a_seed_draws_the_same_answers_and_more_of_them_begin_alike():
    model = model_of()
    answers = model.predict(IMAGES, count=3, seed=4)
    assert torch.equal(model.predict(IMAGES, count=3, seed=4), answers)
    assert torch.equal(model.predict(IMAGES, count=5, seed=4)[:, :3], answers)
    assert not torch.equal(model.predict(IMAGES, count=3, seed=5), answers)
    before = torch.get_rng_state()
    model.predict(IMAGES)
    assert torch.equal(torch.get_rng_state(), before)


def test_every_image_gets_a_random_vector_of_its_own():
    same = model_of().predict(IMAGES[:1].repeat(2, 1, 1, 1))
    assert not torch.allclose(same[0], same[1])


def test_a_deterministic_model_has_one_answer():
    answers = model_of(scheme="deterministic").predict(IMAGES, count=3)
    assert torch.equal(answers[:, 0], answers[:, 2])


def test_many_images_are_answered_as_few():
    model = model_of(scheme="deterministic")
    images = torch.rand(70, 1, 16, 16)
    torch.testing.assert_close(model.predict(images)[66:], model.predict(images[66:]))


@pytest.mark.parametrize(
    "options", [{}, {"scheme": "deterministic"}, {"scheme": "vae", "latent": 3}, {"network": GLASS, "relaxation": 0.1}]
)
def test_saved_and_loaded_it_answers_with_the_same_bits(tmp_path, options):
    model = model_of(**options)
    model.save(tmp_path)
    read = load(tmp_path)
    assert (type(read), read.config) == (PSGN, model.config)
    assert torch.equal(read.predict(IMAGES, count=2), model.predict(IMAGES, count=2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.predict(torch.rand(3, 16, 16)), r"images must have shape \(B, 1, 16, 16\), got \(3, 16, "),
        (lambda model: model.predict(torch.rand(3, 3, 16, 16)), r"got \(3, 3, 16, 16\)"),
        (lambda model: model.predict(torch.rand(3, 1, 16, 32)), r"got \(3, 1, 16, 32\)"),
        (lambda model: model.predict(IMAGES * torch.nan), "images must hold finite numbers"),
        (lambda model: model.predict(IMAGES, count=0), "PSGN.predict: count must be at least 1, got 0"),
        (lambda model: model(IMAGES, torch.rand(3, 7)), r"noise must have shape \(3, 2\), got \(3, 7\)"),
        (lambda model: model(IMAGES, torch.rand(1, 2)), r"noise must have shape \(3, 2\), got \(1, 2\)"),
    ],
)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call(model_of())
