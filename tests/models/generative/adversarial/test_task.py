import torch

from box_clouds import box_clouds
from diffshape.models import LatentGANConfig, train_latent_gan, train_raw_gan
from diffshape.models.generative.adversarial.latent_training import LATENT_GAN_TRAINING
from diffshape.training import Steps, train


def task_of(autoencoder, shapes, config):
    settings = LATENT_GAN_TRAINING.settings(config=config, steps=6)
    return LATENT_GAN_TRAINING.prepare(settings, (autoencoder, shapes))(torch.device("cpu"))


def test_the_networks_take_turns(autoencoder, shapes):
    """Three steps of the critic, one of the generator; the other one keeps every weight."""
    task = task_of(autoencoder, shapes, LatentGANConfig(critic_steps=3))
    changes, before = [], None

    def listen(report):
        nonlocal before
        now = [torch.cat([p.detach().flatten() for p in module.parameters()]) for module in task.modules.values()]
        if before is not None:
            changes.append([not torch.equal(one, other) for one, other in zip(before, now)])
        before = now

    train(task, budget=Steps(9), optimizer=task.optimizer(), observers=[listen])
    critic, generator = [False, True], [True, False]
    assert changes == [critic, critic, generator, critic, critic, critic, generator, critic]


def test_a_log_line_has_the_newest_parts_of_both(autoencoder, shapes):
    heard = []
    observers = [lambda report: heard.append(dict(report.terms.parts))]
    config = LatentGANConfig(critic_steps=1)
    train_latent_gan(autoencoder, shapes, config, steps=3, device="cpu", observers=observers)
    assert set(heard[0]) == {"critic", "penalty"}
    assert set(heard[1]) == set(heard[2]) == {"critic", "penalty", "generator"}
    assert heard[1]["critic"] == heard[0]["critic"] != heard[2]["critic"]
    assert heard[1]["generator"] == heard[2]["generator"]


def test_a_trained_generator_takes_gradients_again(autoencoder, shapes):
    model = train_latent_gan(autoencoder, shapes, steps=1, device="cpu").model
    assert all(parameter.requires_grad for parameter in model.generator.parameters())


def test_few_examples_are_a_small_batch():
    assert train_raw_gan(box_clouds(2, 600), steps=6, device="cpu").step == 6
