"""``diffshape train`` of the autoencoder of clouds, of generators of its codes, and of the GAN of clouds."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch
import yaml

from diffshape.cli.main import main, parse
from diffshape.models import (
    PUBLISHED_LATENT_GAN,
    PUBLISHED_MIXTURE,
    PUBLISHED_POINT_NET,
    PUBLISHED_RAW_GAN,
    AutoencoderSettings,
    DrawnFamily,
    load,
    train_autoencoder,
    train_flow,
)
from diffshape.models.trainings import training_of

SHAPES = ["--family", "table", "--shapes", "6", "--test-shapes", "3"]
NETWORK = ["--model.network.points", "64", "--model.network.encoder", "8", "--model.network.latent", "4"]
QUIET = ["--quiet", "--device", "cpu"]


def train(*words, code=0):
    assert main(["train", *map(str, words)]) == code


@pytest.fixture(scope="module")
def codes(tmp_path_factory):
    """The run folder of an autoencoder."""
    folder = tmp_path_factory.mktemp("codes") / "tables"
    train("autoencoder", *SHAPES, *NETWORK, "--steps", "4", "--seed", "5", "--out", folder, *QUIET)
    return folder


def test_an_autoencoder_leaves_its_files_and_tells_its_score(capsys):
    train("autoencoder", *SHAPES, *NETWORK, "--steps", "3")
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/autoencoder/table")
    assert "6 shapes to learn from, 3 to be tested on" in out
    for title in ("training shapes, from their codes", "new shapes, from their codes", "training shape nearest"):
        assert title in out
    score = json.loads((run / "metrics.json").read_text())["score"]
    assert {name: len(row) for name, row in score.items()} == {"known": 6, "held_out": 3, "nearest": 3}
    assert load(run).config.network.points == 64


def test_it_learns_what_the_library_learns_with_its_settings(codes):
    settings = AutoencoderSettings.from_dict(yaml.safe_load((codes / "config.yaml").read_text()))
    assert (settings.steps, settings.seed, settings.config.network.latent) == (4, 5, 4)
    learn, _ = training_of("train autoencoder").examples(settings.data, seed=5)
    model = train_autoencoder(learn, settings.config, steps=4, seed=5, device="cpu").model
    found, expected = load(codes).state_dict(), model.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("kind", ["flow", "latent-gan", "mixture"])
def test_a_generator_learns_the_shapes_of_its_autoencoder(kind, codes, tmp_path, capsys):
    if kind == "mixture":
        pytest.importorskip("sklearn")
    words = ["--model.components", "2"] if kind == "mixture" else ["--steps", "7"]
    train(kind, "--autoencoder", codes, *words, "--out", tmp_path / "run", "--json")
    metrics = json.loads(capsys.readouterr().out)
    assert set(metrics["score"]) == {"samples", "training_shapes"}
    assert ("steps" in metrics) == (kind != "mixture")  # which makes none
    assert metrics["score"]["samples"]["samples"] == metrics["score"]["samples"]["references"] == 3
    model = load(tmp_path / "run")
    assert torch.equal(model.autoencoder.decoder[0].weight, load(codes).decoder[0].weight)
    assert model.sample(2).shape == (2, 64, 3)
    train(kind, "--resume", tmp_path / "run")
    assert "finished" in capsys.readouterr().out


def test_a_flow_of_the_command_line_is_that_of_the_library(codes, tmp_path):
    train("flow", "--autoencoder", codes, "--steps", "3", "--out", tmp_path / "run", *QUIET)
    settings = AutoencoderSettings.from_dict(yaml.safe_load((codes / "config.yaml").read_text()))
    learn, _ = training_of("train autoencoder").examples(settings.data, seed=5)
    expected = train_flow(load(codes), learn, steps=3, device="cpu").model
    assert torch.equal(load(tmp_path / "run").sample(3), expected.sample(3))


def test_ctrl_c_saves_and_resume_ends_with_the_same_bits(codes, tmp_path, monkeypatch, capsys):
    from diffshape.training import Progress

    words = ["latent-gan", "--autoencoder", codes, "--steps", "9", *QUIET]
    train(*words, "--out", tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(
            Progress, "__call__", lambda self, report: report.step == 4 and os.kill(os.getpid(), signal.SIGINT)
        )
        train(*words, "--out", tmp_path / "run", code=130)
    assert f"diffshape train latent-gan --resume {tmp_path / 'run'}" in capsys.readouterr().err
    train("latent-gan", "--resume", tmp_path / "run", *QUIET)
    assert torch.equal(load(tmp_path / "run").sample(3), load(tmp_path / "whole").sample(3))


def test_a_raw_gan_needs_no_autoencoder(tmp_path, capsys):
    small = ["--model.points", "16", "--model.noise", "4", "--model.critic-steps", "1"]
    train("raw-gan", *SHAPES, *small, "--steps", "4", "--out", tmp_path / "run")
    assert "samples against test shapes:" in capsys.readouterr().out
    assert load(tmp_path / "run").sample(2).shape == (2, 16, 3)


def test_the_published_settings_are_a_preset():
    for kind, config in {
        "autoencoder": PUBLISHED_POINT_NET,
        "raw-gan": PUBLISHED_RAW_GAN,
        "latent-gan": PUBLISHED_LATENT_GAN,
        "mixture": PUBLISHED_MIXTURE,
    }.items():
        assert parse(["train", kind, "--preset", "published"])[1].model == config


def test_what_is_no_autoencoder_says_so(codes, tmp_path, capsys):
    train("flow", "--autoencoder", codes, "--steps", "1", "--out", tmp_path / "flow", *QUIET)
    train("flow", "--autoencoder", tmp_path / "flow", code=1)
    assert "is the folder of diffshape train flow; give that of an autoencoder" in capsys.readouterr().err
    network = ["--model.network.widths", "2", "2", "2", "--model.network.hidden", "8", "--model.network.points", "20"]
    words = ["--family", "hidden_back", "--shapes", "3", "--test-shapes", "3", "--model.target-points", "30"]
    train("psgn", *network, *words, "--steps", "1", "--out", tmp_path / "psgn", *QUIET)
    train("flow", "--autoencoder", tmp_path / "psgn", code=1)
    assert "is the folder of diffshape train psgn; give that of an autoencoder" in capsys.readouterr().err
    load(codes).save(tmp_path / "saved")
    train("flow", "--autoencoder", tmp_path / "saved", code=1)
    assert "saved is not the folder of a training, by its config.yaml" in capsys.readouterr().err


def test_an_autoencoder_of_python_needs_python(tmp_path, capsys):
    learn, _ = training_of("train autoencoder").examples(DrawnFamily(shapes=2, test_shapes=1))
    train_autoencoder(learn, steps=1, folder=tmp_path / "run")
    train("flow", "--autoencoder", tmp_path / "run", code=1)
    assert "was trained on shapes that are in no file; train the generator in Python" in capsys.readouterr().err
