from dataclasses import replace

import numpy as np
import pytest
import torch

from diffshape.data import draw_shapes
from diffshape.models import OccupancyConfig, OccupancyNetwork, VecSet, load

SMALL = OccupancyConfig(code=4, width=8, blocks=1, encoder_width=4, encoder_blocks=2, inputs=20, points=16)
HALVES = torch.tensor([0.2, 0.3, 0.4])
CENTER = torch.tensor([0.05, -0.1, 0.02])


class BoxDecoder(torch.nn.Module):
    """Logits of one box of three different sides off the middle, in place of a network; steep, as learnt ones are."""

    def __init__(self):
        super().__init__()
        self.last = torch.nn.Linear(1, 1)  # the model asks for its device and dtype

    def forward(self, points, codes):
        return 40 * ((HALVES - (points - CENTER).abs()).amin(-1) + 0 * codes.sum(-1, keepdim=True))


def box_model():
    model = OccupancyNetwork(SMALL).eval()
    model.decoder = BoxDecoder()
    return model


def is_closed(faces):
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forward, back = {tuple(edge) for edge in edges.tolist()}, {tuple(edge) for edge in edges[:, ::-1].tolist()}
    return len(forward) == len(edges) and forward == back


@pytest.fixture
def model():
    torch.manual_seed(0)
    return OccupancyNetwork(SMALL).eval()


@pytest.mark.parametrize("resolution", [23, 64, 129])
def test_the_mesh_lies_where_the_field_says(resolution):
    """No half cell of shift, no other scale, no swapped axes: common faults of meshing a grid."""
    mesh = box_model().mesh(torch.zeros(4), resolution)
    cell = 2 * OccupancyNetwork.HALF_SIDE / (resolution - 1)
    assert is_closed(mesh.faces)
    np.testing.assert_allclose(mesh.vertices.min(0), (CENTER - HALVES).numpy(), atol=0.02 * cell)
    np.testing.assert_allclose(mesh.vertices.max(0), (CENTER + HALVES).numpy(), atol=0.02 * cell)
    first, second, third = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    volume = (first * np.cross(second, third)).sum() / 6
    assert volume == pytest.approx(8 * HALVES.prod().item(), rel=cell)  # positive: faces are turned outward


def test_normals_point_outward():
    mesh = box_model().mesh(torch.zeros(4), 65)
    offsets = (torch.from_numpy(mesh.vertices) - CENTER) / HALVES
    axis = offsets.abs().argmax(1, keepdim=True)
    normals = torch.from_numpy(mesh.attributes["normals"])
    assert normals.shape == mesh.vertices.shape
    inner = offsets.abs().sort(1).values[:, 1] < 0.8  # away from the edges
    found = normals.gather(1, axis)[inner] * offsets.gather(1, axis)[inner].sign()
    torch.testing.assert_close(found, torch.ones_like(found))


def test_a_shape_that_leaves_the_cube_is_closed_there():
    model = box_model()
    model.decoder.forward = lambda points, codes: 3 + 0 * points.sum(-1)
    mesh = model.mesh(torch.zeros(4), 33)
    assert is_closed(mesh.faces)
    assert np.abs(mesh.vertices).max() <= OccupancyNetwork.HALF_SIDE
    model.decoder.forward = lambda points, codes: -3 + 0 * points.sum(-1)
    assert model.mesh(torch.zeros(4), 33).faces.shape == (0, 3)


@pytest.mark.parametrize("model", [OccupancyNetwork, VecSet])
def test_surfaces_are_sought_where_points_were_learnt(model):
    """Volume points are even in a cube; the box of meshing is that cube, not the one that shapes are scaled to."""
    drawn = draw_shapes("chair", 2, points=None, volume_points=2000, near_points=None).volume_points
    assert drawn.abs().max() <= model.HALF_SIDE
    assert drawn.abs().amax((0, 1)).min() > 0.99 * model.HALF_SIDE


def test_the_threshold_is_a_probability(model):
    """0.2 is the logit -1.39: points of probability 0.3 are inside then, and outside with 0.5."""
    model.decoder.forward = lambda points, codes: torch.full(points.shape[:2], 0.3).logit()
    points, codes = torch.zeros(1, 2, 3), torch.zeros(1, 4)
    assert not model.occupied(points, codes).any()
    assert (model.field_of(codes[0])(points[0]) > 0).all()
    model.chosen_threshold.fill_(0.2)
    assert model.level == pytest.approx(-1.386, abs=1e-3)
    assert model.occupied(points, codes).all()
    assert (model.field_of(codes[0])(points[0]) < 0).all()


def test_a_field_has_the_sign_of_the_model_at_any_point(model):
    codes, points = torch.rand(1, 4), torch.rand(1, 300, 3) - 0.5
    model.chosen_threshold.fill_(model.occupancy_logits(points, codes).detach().sigmoid().median())
    field = model.field_of(codes[0])
    assert torch.equal(field(points[0]) < 0, model.occupied(points, codes)[0])
    assert 0 < model.occupied(points, codes).float().mean() < 1


def test_a_model_comes_back_from_its_folder(model, two_boxes, tmp_path):
    model.chosen_threshold.fill_(0.35)
    model.save(tmp_path)
    again = load(tmp_path)
    assert again.config == SMALL
    assert again.threshold == model.threshold
    codes = model.codes_of(two_boxes)
    assert torch.equal(again.codes_of(two_boxes), codes)
    points = torch.rand(2, 9, 3)
    assert torch.equal(again.occupancy_logits(points, codes), model.occupancy_logits(points, codes))


def test_codes_on_the_line_between_two(model):
    first, last = torch.zeros(4), torch.tensor([0.0, 1.0, 2.0, 3.0])
    between = model.interpolate(first, last, 4)
    torch.testing.assert_close(between[:, 3], torch.tensor([0.0, 1.0, 2.0, 3.0]))
    assert torch.equal(between[0], first)
    assert torch.equal(between[-1], last)


def test_completion_reads_as_many_points_as_the_training_did():
    model = box_model()
    seen = []
    model.encoder.forward = lambda clouds: seen.append(clouds.shape) or torch.zeros(1, 4)
    for count in (5, 500):
        assert len(model.complete(torch.rand(count, 3, dtype=torch.float64), 20).faces) > 0
    assert seen == [(1, 5, 3), (1, 20, 3)]


def test_a_variational_model_samples_by_its_seed():
    torch.manual_seed(0)
    model = OccupancyNetwork(replace(SMALL, input="occupancies")).eval()
    asked = []
    model.mesh = lambda code, resolution: asked.append(code)
    for seed in (0, 0, 1):
        model.sample(1, seed=seed)
    assert torch.equal(asked[0], asked[1])
    assert not torch.equal(asked[0], asked[2])


def test_a_variational_model_encodes_to_means_and_samples_from_the_prior():
    torch.manual_seed(0)
    model = OccupancyNetwork(replace(SMALL, input="occupancies")).eval()
    seen = torch.cat([torch.rand(3, 20, 3) - 0.5, torch.ones(3, 20, 1)], -1)
    mean, log_deviation = model.encoder(seen)
    assert log_deviation.exp().min() > 0.1  # a draw would differ
    assert torch.equal(model.encode(seen), mean)
    assert torch.equal(model.encode(seen), mean)
    asked = []
    model.mesh = lambda code, resolution: asked.append(code)
    model.sample(500)
    drawn = torch.stack(asked)
    assert drawn.mean(0).abs().max() < 0.2
    torch.testing.assert_close(drawn.std(0), torch.ones(4), atol=0.15, rtol=0)


def test_codes_of_a_training_model_leave_it_in_training(two_boxes):
    model = OccupancyNetwork(replace(SMALL, conditioning="batch_norm")).train()
    codes = model.codes_of(two_boxes)
    assert codes.shape == (2, 4)
    model.mesh(codes[0], 20)
    assert all(part.training for part in model.modules())
    assert model.decoder.leave.norm.num_batches_tracked == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.encode(torch.rand(2, 5)), r"encode: inputs must have shape \(B, N, 3\), got \(2, 5\)"),
        (lambda model: model.encode(torch.rand(2, 5, 4)), r"inputs must have shape \(B, N, 3\), got \(2, 5, 4\)"),
        (lambda model: model.occupancy_logits(torch.rand(2, 5, 3), torch.rand(1, 4)), r"points must have shape \(1, P"),
        (
            lambda model: model.occupancy_logits(torch.rand(1, 5, 3), torch.rand(1, 3)),
            r"logits: codes must have shape \(B, 4\)",
        ),
        (lambda model: model.mesh(torch.rand(3)), r"mesh: code must have shape \(4,\), got \(3,\)"),
        (lambda model: model.complete(torch.full((3, 3), torch.nan)), "complete: points must be finite"),
        (lambda model: model.sample(2), "sample: the model must be trained with input='occupancies'"),
        (lambda model: model.interpolate(torch.rand(4), torch.rand(4), 1), "count must be at least 2"),
    ],
)
def test_what_is_wrong_is_said(model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model)


def test_only_a_model_of_points_completes():
    model = OccupancyNetwork(replace(SMALL, input="voxels"))
    with pytest.raises(ValueError, match="must read points, but it reads voxels"):
        model.complete(torch.rand(5, 3))
