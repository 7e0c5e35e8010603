import numpy as np
import pytest
import torch
from hand_made_runs import run_folder
from page_reader import PageReader

from diffshape import data, models
from diffshape.cli.main import main
from diffshape.report import write_report
from diffshape.report.training_report.made_shapes import draw_made_shapes, seen_from_one_side

_TINY = ["--shapes", "4", "--test-shapes", "3", "--steps", "2", "--quiet"]


@pytest.fixture(scope="module")
def codes(tmp_path_factory):
    """The run folder of an autoencoder of clouds."""
    folder = tmp_path_factory.mktemp("codes") / "run"
    assert main(["train", "autoencoder", *_TINY, "--model.network.points", "64", "--out", str(folder)]) == 0
    return folder


def test_a_training_has_its_report_and_gets_pictures_of_what_its_model_makes(codes):
    before = PageReader((codes / "report.html").read_text(encoding="utf-8"))
    assert before.texts["h2"] == ["Scores", "Curves", "How to reproduce"]
    after = PageReader(write_report(codes).read_text(encoding="utf-8"))
    assert after.texts["h2"] == ["Scores", "Pictures", "Curves", "How to reproduce"]
    assert {path.name for path in codes.glob("*.png")} == {"interpolation.png", "reconstructions.png"}
    drawn = (codes / "interpolation.png").stat().st_mtime_ns
    assert draw_made_shapes(codes) == []  # they are drawn once
    assert (codes / "interpolation.png").stat().st_mtime_ns == drawn


def test_a_generator_draws_samples(codes, tmp_path):
    words = ["--autoencoder", str(codes), "--steps", "2", "--quiet", "--out", str(tmp_path / "flow")]
    assert main(["train", "flow", *words]) == 0
    assert draw_made_shapes(tmp_path / "flow") == ["samples.png", "interpolation.png"]


def test_a_model_of_surfaces_completes_what_one_camera_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(models.OccupancyNetwork, "mesh", lambda *arguments, **options: data.icosphere(1))
    small = ["--model.code", "4", "--model.width", "8", "--model.blocks", "1", "--model.encoder-width", "4"]
    assert main(["train", "occupancy", *small, *_TINY, "--out", str(tmp_path / "run")]) == 0
    assert draw_made_shapes(tmp_path / "run") == ["interpolation.png", "completions.png"]


@pytest.mark.parametrize("kind", ["train landmarks", "train scan-prior"])
def test_models_that_make_no_shapes_are_left_alone(tmp_path, kind):
    assert draw_made_shapes(run_folder(tmp_path / "run", kind)) == []


@pytest.mark.parametrize(("up", "axis", "sign"), [("y", 1, 1), ("z", 2, 1), ("-x", 0, -1)])
def test_a_camera_above_sees_the_upper_side_alone(up, axis, sign):
    ball = torch.from_numpy(np.asarray(data.icosphere(5).vertices)).float()
    seen = seen_from_one_side(ball, up)
    assert 100 < len(seen) <= 500
    heights = 2 * sign * seen[:, axis]
    assert heights.max() > 0.95
    assert heights.min() > -0.9
    assert heights.mean() > 0.2
