from dataclasses import fields, replace

import pytest
import torch

from diffshape.losses import Skeleton
from diffshape.models import LandmarkDetector, LandmarkObjective, load
from diffshape.models.landmarks.detector import standardized
from diffshape.models.landmarks.output import LandmarkOutput
from diffshape.ops import gaussian_heatmaps, resize_landmarks

LANDMARKS = torch.rand(2, 22, 2, generator=torch.Generator().manual_seed(0)) * 20 + 6
OTHER = {
    "heatmap": "mse",
    "coordinate": "euclidean",
    "uncertainty": "laplace",
    "lambda_heatmap": 2.0,
    "lambda_coordinate": 2.0,
    "lambda_anatomical": 2.0,
    "lambda_uncertainty": 2.0,
    "sigma": 2.0,
    "scale": 2.0,
    "learn_weights": True,
}


class Told(torch.nn.Module):
    """A network that answers what it was told."""

    stride = 4

    def __init__(self, heatmaps, log_variance):
        super().__init__()
        self.heatmaps, self.log_variance = torch.nn.Parameter(heatmaps), torch.nn.Parameter(log_variance)

    def forward(self, images):
        return LandmarkOutput(self.heatmaps[: len(images)], self.log_variance[: len(images)])


@pytest.mark.parametrize("decoder", ["soft_argmax", "dark"])
@pytest.mark.parametrize("heatmap", ["divergence", "mse", "adaptive_wing"])
def test_perfect_maps_are_read_in_pixels_of_the_image(tiny, decoder, heatmap):
    maps = gaussian_heatmaps(LANDMARKS, (32, 32), sigma=1.0)
    detector = LandmarkDetector(Skeleton.lateral(), tiny, LandmarkObjective(heatmap=heatmap, decoder=decoder))
    logits = maps.clamp(min=1e-30).log() if heatmap == "divergence" else maps
    detector.network = Told(logits, torch.full((2, 22, 2), 3.0).log() * 2)
    found = detector.detect(torch.zeros(2, 1, 128, 128))
    torch.testing.assert_close(found.landmarks, resize_landmarks(LANDMARKS, 4), atol=0.02, rtol=0)
    torch.testing.assert_close(found.deviations, torch.full((2, 22, 2), 12.0), atol=0.1, rtol=0)


def test_batches_do_not_matter_and_the_mode_comes_back(tiny, few):
    detector = LandmarkDetector(few.skeleton, tiny).train()
    whole, pieces = detector.detect(few.images), detector.detect(few.images, batch=3)
    torch.testing.assert_close(whole.landmarks, pieces.landmarks, atol=1e-3, rtol=0)
    assert detector.training
    assert not whole.landmarks.requires_grad


def test_exposure_does_not_matter(tiny, few):
    detector = LandmarkDetector(few.skeleton, tiny)
    same, brighter = (detector.detect(images).landmarks for images in (few.images, 100 * few.images + 30))
    torch.testing.assert_close(same, brighter, atol=0.1, rtol=0)
    assert torch.isfinite(standardized(torch.zeros(1, 1, 4, 4))).all()


@pytest.mark.parametrize("name", OTHER)
def test_every_setting_of_the_objective_changes_the_loss(name):
    maps = gaussian_heatmaps(LANDMARKS + 1, (32, 32), sigma=1.5)
    losses = []
    for config in (LandmarkObjective(), replace(LandmarkObjective(), **{name: OTHER[name]})):
        objective = LandmarkDetector(Skeleton.lateral(), objective=config).objective
        losses.append(objective(maps, LANDMARKS, log_variance=torch.ones_like(LANDMARKS)).total.item())
    assert losses[0] != losses[1]


def test_no_setting_is_forgotten():
    assert {field.name for field in fields(LandmarkObjective)} == {*OTHER, "decoder"}


def test_the_decoder_changes_landmarks(tiny, few):
    detector = LandmarkDetector(few.skeleton, tiny)
    soft = detector.detect(few.images).landmarks
    detector.config = replace(detector.config, decoder="dark")
    assert not torch.allclose(soft, detector.detect(few.images).landmarks, atol=0.1)


def test_a_saved_detector_finds_the_same(tiny, few, tmp_path):
    skeleton = Skeleton(quadrilaterals=((3, 2, 1, 0), (4, 5, 6, 7)), end_edge=(9, 8), count=11)
    detector = LandmarkDetector(skeleton, tiny, LandmarkObjective(learn_weights=True, decoder="dark"))
    detector.save(tmp_path)
    loaded = load(tmp_path)
    assert torch.equal(loaded.detect(few.images).landmarks, detector.detect(few.images).landmarks)
    assert (loaded.skeleton, loaded.network_config, loaded.config) == (skeleton, tiny, detector.config)
    assert not loaded.training


def test_weights_of_another_network_are_refused(tiny, few, tmp_path):
    LandmarkDetector(few.skeleton, tiny).save(tmp_path)
    content = (tmp_path / "config.yaml").read_text()
    LandmarkDetector(few.skeleton).save(tmp_path)
    (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(
        ValueError, match=r"load: no model can be read from .*Unexpected key.* \.\.\.; copy it there anew"
    ):
        load(tmp_path)
