"""The error of a landmark network by its loss: MAHT-Net's word for word, ours, or ours without anatomy.

python -m benchmarks.quality.landmark_study [--seeds 5] [--steps 400] [--results FILE]

Each row is one training of the same small network on the same drawn lateral spines, half of them with one occluder,
tested on 200 others without and with two occluders. A row that is there already is not made again.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.measure import RESULTS, Row, append_row, environment, read_rows
from benchmarks.quality.maht_net_structure import maht_net_structure
from diffshape.data import LandmarkImages, SpinePhantomConfig, spine_phantoms
from diffshape.losses import LossTerms, Skeleton, heatmap_focal_loss, wing_loss
from diffshape.metrics import radial_error
from diffshape.models import (
    LandmarkDetector,
    LandmarkObjective,
    score_landmarks,
    train_detector,
)
from diffshape.ops import gaussian_heatmaps, heatmap_dark, heatmap_soft_argmax, resize_landmarks

RESULT = RESULTS / "landmark_study.jsonl"
LOSSES = ("literal", "without structure", "with structure")
IMAGES = (400, 50)
TEST_IMAGES = 200
OCCLUDERS = (0, 2)


class LiteralLoss(nn.Module):
    """MAHT-Net's loss document: 1 focal + 0.5 Wing(10, 2) + 0.1 structure + 0.1 uncertainty, in image pixels.

    Its focal term is the "background" kind, its mean over all pixels; its structure terms are those of
    ``maht_net_structure``; its sigma is clamped to 0.1 to 10. It does not say how coordinates come from maps; here by
    the softmax.
    """

    def __init__(self, skeleton: Skeleton, stride: int, sigma: float) -> None:
        super().__init__()
        self.skeleton, self.stride, self.sigma = skeleton, stride, sigma

    def forward(
        self, heatmaps: Tensor, target: Tensor, *, log_variance: Tensor, mask: Tensor, progress: float
    ) -> LossTerms:
        """The terms for a batch without masked landmarks."""
        maps = gaussian_heatmaps(target, tuple(heatmaps.shape[-2:]), sigma=self.sigma)
        landmarks = resize_landmarks(heatmap_soft_argmax(heatmaps), self.stride)
        target = resize_landmarks(target, self.stride)
        deviation = self.bound_log_variance(log_variance).div(2).exp() * self.stride
        parts = {
            "heatmap": heatmap_focal_loss(heatmaps, maps, kind="background"),
            "coordinate": wing_loss(landmarks, target),
            "anatomical": maht_net_structure(landmarks, self.skeleton).total,
            "uncertainty": (((landmarks - target) / deviation).square() / 2 + deviation.log()).mean(),
        }
        weights = {"heatmap": 1.0, "coordinate": 0.5, "anatomical": 0.1, "uncertainty": 0.1}
        return LossTerms(sum((weights[name] * part for name, part in parts.items()), heatmaps.new_zeros(())), parts)

    def bound_log_variance(self, raw: Tensor) -> Tensor:
        """Logarithm of the variance, its sigma clamped to 0.1 to 10 image pixels, without gradient beyond."""
        return 2 * ((raw / 2).exp() * self.stride).clamp(0.1, 10).div(self.stride).log()


def training_images(count: int, seed: int) -> LandmarkImages:
    """Drawn spines, half of them without and half with one occluder."""
    half = count // 2
    parts = [spine_phantoms(half, SpinePhantomConfig(occluders=n), seed=1000 * seed + n) for n in (0, 1)]
    tensors = {
        name: torch.cat([getattr(part, name) for part in parts]) for name in ("images", "landmarks", "mask", "spacing")
    }
    return LandmarkImages(**tensors, unit="px", skeleton=parts[0].skeleton)


def study(loss: str, images: int, seed: int, steps: int) -> Row:
    """One training and its scores."""
    data = training_images(images, seed)
    torch.manual_seed(seed)
    objective = LandmarkObjective(lambda_anatomical=0.1 if loss == "with structure" else 0.0)
    if loss == "literal":
        objective = LandmarkObjective(scale=1.0)  # its sigma starts at 4 image pixels, inside its clamp
    detector = LandmarkDetector(data.skeleton, objective=objective)
    if loss == "literal":
        detector.objective = LiteralLoss(data.skeleton, detector.stride, detector.config.sigma)
    wall, cpu = time.perf_counter(), time.process_time()
    train_detector(detector, data, steps=steps, seed=seed)
    row = {
        "loss": loss,
        "images": images,
        "seed": seed,
        "steps": steps,
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
    for occluders in OCCLUDERS:
        test = spine_phantoms(TEST_IMAGES, SpinePhantomConfig(occluders=occluders), seed=10**6 + occluders)
        row[f"occluders_{occluders}"] = scores(detector, test)
    return row | {"environment": environment()}


@torch.no_grad()
def scores(detector: LandmarkDetector, test: LandmarkImages) -> Row:
    """Scores that the page shows; "dark_mre" is the mean radial error of the same maps decoded by DARK."""
    score = score_landmarks(detector.detect(test.images), test)
    maps = torch.cat([detector(piece).heatmaps for piece in test.images.split(16)])
    if isinstance(detector.objective, LiteralLoss):
        peaks = heatmap_dark(maps)
    else:
        peaks = heatmap_dark(maps.flatten(-2).softmax(-1).reshape(maps.shape))
    dark = radial_error(resize_landmarks(peaks, detector.stride), test.landmarks)
    return {
        "mre": score.error.mean,
        "sdr": {f"{threshold:g}": rate for threshold, rate in score.error.detection_rates.items()},
        "order": score.violations.order,
        "within_one_deviation": score.calibration.coverage[1.0],
        "calibration_error": score.calibration.expected_calibration_error,
        "dark_mre": dark.mean,
    }


def main() -> None:
    """Make the rows that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--results", type=Path, default=RESULT)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    done = {(row["loss"], row["images"], row["seed"], row["steps"]) for row in read_rows(arguments.results)}
    for images in IMAGES:
        for seed in range(arguments.seeds):
            for loss in LOSSES:
                if (loss, images, seed, arguments.steps) not in done:
                    row = study(loss, images, seed, arguments.steps)
                    append_row(arguments.results, row)
                    print(*(row[key] for key in ("loss", "images", "seed", "seconds")), row["occluders_0"]["mre"],
                          row["occluders_2"]["mre"], flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
