import os
import signal

import pytest
import torch

from diffshape.models import DrawnFamily, PointNetConfig, PointNetNetwork, TrainedAutoencoder, load, train_flow
from diffshape.models.generative.trained_autoencoder import coded_shapes
from diffshape.models.trainings import resume_training, training_of
from diffshape.training.models.run import run_training

TINY = PointNetConfig(network=PointNetNetwork(points=32, encoder=(8,), latent=4, decoder=(8,)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of an autoencoder that the command line trained, with a seed of its own."""
    folder = tmp_path_factory.mktemp("autoencoder")
    training = training_of("train autoencoder")
    settings = training.settings(data=DrawnFamily(shapes=4, test_shapes=2), config=TINY, steps=1, seed=7)
    learn, _ = training.examples(settings.data, seed=7)
    run_training(settings, training.prepare(settings, learn), folder, device=torch.device("cpu"), observers=[])
    return folder


def test_the_shapes_are_those_of_the_autoencoder_whatever_the_seed(run):
    expected = training_of("train autoencoder").examples(DrawnFamily(shapes=4, test_shapes=2), seed=7)
    for seed in (0, 3):
        found = coded_shapes(TrainedAutoencoder(folder=str(run)), seed=seed)
        for (autoencoder, shapes), other in zip(found, expected):
            assert torch.equal(shapes.points, other.points)
            assert torch.equal(autoencoder.decoder[0].weight, load(run).decoder[0].weight)


def test_a_flow_that_was_interrupted_finds_its_data_again(run, tmp_path):
    data = TrainedAutoencoder(folder=str(run))
    training = training_of("train flow")
    settings = training.settings(data=data, steps=2)
    examples, _ = training.examples(data)
    whole = train_flow(*examples, steps=2, device="cpu").model
    stop = [lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 1 else None]
    make = training.prepare(settings, examples)
    assert run_training(settings, make, tmp_path, device=torch.device("cpu"), observers=stop).step == 1
    resumed = resume_training(tmp_path, device="cpu")
    assert torch.equal(resumed.model.sample(3), whole.sample(3))
