import pytest
import torch

from diffshape.models import OccupancyConfig, OccupancyNetwork, OccupancyScore, score_occupancy

SMALL = OccupancyConfig(code=4, width=8, blocks=1, encoder_width=4, encoder_blocks=2)


class Boxes(torch.nn.Module):
    """The true boxes in place of a network: the first number of a code says which, the second moves its faces out."""

    def __init__(self, shapes):
        super().__init__()
        self.last = torch.nn.Linear(1, 1)  # the model asks for its device and dtype
        low, high = shapes.points.amin(1), shapes.points.amax(1)
        self.centers, self.halves = (low + high) / 2, (high - low) / 2

    def forward(self, points, codes):
        which = codes[:, 0].long()
        offsets = (points - self.centers[which, None]).abs() - self.halves[which, None] - codes[:, None, 1:2]
        return -50 * offsets.amax(-1)


def model_of(shapes, moved):
    model = OccupancyNetwork(SMALL).eval()
    model.decoder = Boxes(shapes)
    codes = torch.tensor([[0.0, moved, 0.0, 0.0], [1.0, moved, 0.0, 0.0]])
    model.codes_of = lambda part: codes[: len(part)]
    return model


def test_true_shapes_score_best(two_boxes):
    score = score_occupancy(model_of(two_boxes, 0.0), two_boxes)
    assert min(score.iou) > 0.99
    assert max(score.chamfer) < 0.02  # the spacing of 2,000 points of one surface
    assert min(score.normals) > 0.95
    assert score.threshold == 0.5


def test_boxes_that_are_too_large_by_their_volume(two_boxes):
    model = model_of(two_boxes, 0.05)
    halves = model.decoder.halves
    expected = halves.prod(1) / (halves + 0.05).prod(1)
    score = score_occupancy(model, two_boxes, meshed=1)
    assert score.iou == pytest.approx(expected.tolist(), abs=0.07)  # 2,000 points in space
    assert len(score.chamfer) == 1
    assert 0.04 < score.chamfer[0] < 0.07


def test_a_shape_without_a_surface_has_no_distance(two_boxes):
    score = score_occupancy(model_of(two_boxes, -1.0), two_boxes)
    assert score.iou == (0.0, 0.0)
    assert score.chamfer == score.normals == (None, None)
    assert "none" in str(score)


def test_the_text_names_mean_and_worst():
    score = OccupancyScore(iou=(0.5, 1.0), chamfer=(0.01, 0.03), normals=(0.9, 0.8), threshold=0.4)
    rows = str(score).splitlines()
    assert rows[0].split() == ["mean", "worst"]
    assert rows[1].split()[-2:] == ["0.750", "0.500"]
    assert rows[2].split()[-2:] == ["20.000", "30.000"]
    assert rows[3].split()[-2:] == ["0.850", "0.800"]
    assert score.to_dict()["threshold"] == 0.4
