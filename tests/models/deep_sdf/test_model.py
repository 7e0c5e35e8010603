import numpy as np
import pytest
import torch
import yaml

from diffshape import metrics
from diffshape.data import ShapeSet, shape_family
from diffshape.models import load


@pytest.fixture(scope="module")
def unseen():
    """Two ellipsoids that the model was not trained on."""
    vertices, faces = shape_family("ellipsoid", 2, seed=77).meshes()
    return [(each, faces) for each in vertices]


@pytest.fixture(scope="module")
def observed(deep_sdf, unseen):
    points, distances = zip(*(deep_sdf.observe(mesh, 1500) for mesh in unseen))
    return torch.stack(points), torch.stack(distances)


def chamfer(model, code, truth):
    return metrics.compare_surfaces(model.mesh(code, 48), truth, samples=4000).chamfer


def test_it_gives_back_what_it_learnt(deep_sdf, ellipsoids):
    """To well below a hundredth of the longest side, in input coordinates."""
    errors = [chamfer(deep_sdf, code, truth) for code, truth in zip(deep_sdf.codes, ellipsoids)]
    assert max(errors) < 0.006


def test_shapes_not_seen_are_found_from_all_and_from_half_of_their_points(deep_sdf, unseen, observed, ellipsoids):
    """Far better than the nearest training shape, which is 0.05 and 0.08 off."""
    points, distances = observed
    left = points[..., 0].argsort(1)[:, :750]
    halves = points.take_along_dim(left[..., None], 1), distances.take_along_dim(left, 1)
    found = zip(unseen, deep_sdf.infer(points, distances, steps=300), deep_sdf.infer(*halves, steps=300))
    for truth, whole, half in found:
        nearest = min(metrics.compare_surfaces(each, truth, samples=1000).chamfer for each in ellipsoids)
        assert chamfer(deep_sdf, whole, truth) < min(0.015, 0.3 * nearest)
        assert chamfer(deep_sdf, half, truth) < min(0.02, 0.5 * nearest)


def test_a_code_is_found_where_no_graph_is_kept(deep_sdf, observed):
    with torch.no_grad():
        code = deep_sdf.infer(observed[0][0], observed[1][0], steps=3)
    assert torch.equal(code, deep_sdf.infer(observed[0][0], observed[1][0], steps=3))
    assert not code.requires_grad


def test_several_codes_are_found_as_one_by_one(deep_sdf, observed):
    points, distances = observed
    together = deep_sdf.infer(points, distances, steps=40)
    assert together.shape == (2, 8)
    alone = deep_sdf.infer(points[0], distances[0], steps=40)
    torch.testing.assert_close(together[0], alone, rtol=1e-3, atol=1e-3)


def test_finding_a_code_changes_nothing_else(deep_sdf, observed):
    before = {name: value.clone() for name, value in deep_sdf.field.state_dict().items()}
    deep_sdf.field.zero_grad()  # those of the last training step
    deep_sdf.field.train()
    deep_sdf.infer(observed[0][0], observed[1][0], steps=5)
    assert deep_sdf.field.training
    deep_sdf.field.eval()
    deep_sdf.infer(observed[0][0], observed[1][0], steps=5)
    assert not deep_sdf.field.training
    assert all(torch.equal(before[name], value) for name, value in deep_sdf.field.state_dict().items())
    assert all(parameter.grad is None for parameter in deep_sdf.field.parameters())


def test_the_options_of_infer_act_and_the_seed_decides(deep_sdf, observed):
    def found(**options):
        return deep_sdf.infer(observed[0][0], observed[1][0], **{"steps": 6, **options})

    assert torch.equal(found(), found())
    for other in ({"steps": 7}, {"lr": 1e-3}, {"prior": 1.0}, {"seed": 1}):
        assert not torch.equal(found(), found(**other)), other


def test_a_strong_prior_holds_the_code_near_zero(deep_sdf, observed):
    free, held = (deep_sdf.infer(observed[0][0], observed[1][0], steps=100, prior=prior) for prior in (0.0, 10.0))
    assert held.norm() < 0.05 < free.norm()


def test_more_points_than_a_step_takes_are_drawn(deep_sdf, unseen):
    points, distances = deep_sdf.observe(unseen[0], 9000)
    one, again, other = (deep_sdf.infer(points, distances, steps=2, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_arrays_are_taken_too(deep_sdf, observed):
    cloud, distances = observed[0][0], observed[1][0]
    from_arrays = deep_sdf.infer(cloud.numpy(), distances.numpy(), steps=3)
    assert torch.equal(from_arrays, deep_sdf.infer(cloud, distances, steps=3))


def test_everything_follows_the_unit_of_the_meshes(ellipsoids):
    """The same shapes in millimetres, elsewhere: the same codes, and meshes that are in millimetres there."""
    from diffshape.fields import LatentMLPConfig
    from diffshape.models import DeepSDFConfig, train_deep_sdf

    network = LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(), dropout=0.0)
    config = DeepSDFConfig(network=network, batch=2, points=64, samples=1000, lr=1e-2, code_lr=1e-2)
    offset = np.array([64.0, 128.0, -32.0])
    moved = [(vertices.astype(np.float64) * 1024 + offset, faces) for vertices, faces in ellipsoids[:2]]
    plain, scaled = (train_deep_sdf(shapes, config, steps=60).model for shapes in (ellipsoids[:2], moved))
    torch.testing.assert_close(plain.codes, scaled.codes, rtol=1e-2, atol=1e-3)
    one, other = plain.mesh(plain.codes[0], 32), scaled.mesh(plain.codes[0], 32)
    assert len(one.vertices) > 100
    size, large = np.ptp(one.vertices, axis=0), np.ptp(other.vertices, axis=0)
    assert large / 1024 == pytest.approx(size, rel=0.02)
    assert other.vertices.mean(axis=0) == pytest.approx(one.vertices.mean(axis=0) * 1024 + offset, abs=10)


def test_interpolation_goes_straight_from_one_to_the_other(deep_sdf):
    first, last = deep_sdf.codes[:2]
    codes = deep_sdf.interpolate(first, last, 5)
    assert codes.shape == (5, 8)
    assert torch.equal(codes[0], first)
    torch.testing.assert_close(codes[-1], last)
    torch.testing.assert_close(codes.diff(dim=0), ((last - first) / 4).expand(4, 8))


def test_meshes_are_closed_and_face_outward(deep_sdf, ellipsoids):
    vertices, faces = deep_sdf.mesh(deep_sdf.codes[0], 40)
    score = metrics.compare_surfaces((vertices, faces), ellipsoids[0], samples=1000)
    assert score.watertight
    corners = vertices[faces]
    assert np.linalg.det(corners).sum() > 0  # six times the volume


def test_a_saved_model_comes_back_to_the_bit(deep_sdf, observed, tmp_path):
    deep_sdf.save(tmp_path / "model")
    back = load(tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["config.yaml", "model.safetensors"]
    assert (back.config, back.frame) == (deep_sdf.config, deep_sdf.frame)
    assert not back.field.training
    assert torch.equal(back.codes, deep_sdf.codes)
    code = deep_sdf.infer(observed[0][0], observed[1][0], steps=3)
    assert torch.equal(back.infer(observed[0][0], observed[1][0], steps=3), code)
    assert torch.equal(load(tmp_path).codes, deep_sdf.codes)  # as of the folder of a training


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 9}, "must be of version 1"),
        ({"kind": "chair"}, "a kind out of .*deep-sdf"),
        ({"kind": "mesh"}, "there is no setting config"),
        ({"config": {"speed": 1}}, r"there is no setting .*speed"),
        ({"config": {}}, "size mismatch|Missing key"),
        ({"frame": {"scale": 1.0}}, "wants the keys center and scale"),
    ],
)
def test_what_does_not_fit_is_refused(deep_sdf, tmp_path, change, message):
    deep_sdf.save(tmp_path)
    plain = yaml.safe_load((tmp_path / "config.yaml").read_text())
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**plain, **change}))
    with pytest.raises(ValueError, match=f"(?s)load: no model can be read.*({message})"):
        load(tmp_path)


def test_damage_is_one_clear_error(deep_sdf, tmp_path):
    with pytest.raises(ValueError, match="load: no model can be read from"):
        load(tmp_path / "nowhere")
    deep_sdf.save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match="load: no model can be read from"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.infer(torch.zeros(5, 2), torch.zeros(5)), r"points must have shape \(N, 3\).*got \(5, 2\)"),
        (lambda m: m.infer(torch.zeros(5, 3), torch.zeros(4)), r"got \(5, 3\) and \(4,\)"),
        (lambda m: m.infer(torch.zeros(0, 3), torch.zeros(0)), "finite and at least one"),
        (lambda m: m.infer(torch.full((5, 3), torch.nan), torch.zeros(5)), "finite and at least one"),
        (lambda m: m.infer(torch.zeros(5, 3), torch.zeros(5), steps=0), "steps must be at least 1"),
        (lambda m: m.infer(torch.zeros(5, 3), torch.zeros(5), lr=0.0), "lr must be a positive number"),
        (lambda m: m.infer(torch.zeros(5, 3), torch.zeros(5), prior=-1.0), "prior must be a number from 0"),
        (lambda m: m.interpolate(torch.zeros(8), torch.zeros(7), 3), r"shape \(8,\).*got \(8,\) and \(7,\)"),
        (lambda m: m.interpolate(torch.zeros(8), torch.zeros(8), 1), "count must be at least 2"),
        (lambda m: m.mesh(torch.zeros(7)), r"code must have shape \(8,\)"),
        (lambda m: m.observe(3), "a mesh must be"),
    ],
)
def test_what_is_wrong_is_said(deep_sdf, call, message):
    with pytest.raises(ValueError, match=message):
        call(deep_sdf)


def test_a_scan_is_completed_by_the_shape_that_passes_through_its_points(deep_sdf, unseen, ellipsoids):
    vertices, _ = unseen[0]
    half = torch.as_tensor(vertices[vertices[:, 0] < 0])
    nearest = min(metrics.compare_surfaces(each, unseen[0], samples=2000).chamfer for each in ellipsoids)
    whole = deep_sdf.complete(half, 48, steps=300)
    assert metrics.compare_surfaces(whole, unseen[0], samples=4000).chamfer < min(0.03, 0.6 * nearest)


def test_codes_of_a_set_are_those_of_the_distances_near_the_shapes(deep_sdf, observed):
    points, distances = (part[:, :200].float() for part in observed)
    shapes = ShapeSet(names=("a", "b"), near_points=points, near_distances=distances)
    assert torch.equal(deep_sdf.codes_of(shapes, steps=5), deep_sdf.infer(points, distances, steps=5))
    with pytest.raises(ValueError, match=r"DeepSDF\.codes_of: shapes must have near_points, near_distances"):
        deep_sdf.codes_of(ShapeSet(names=("a", "b"), points=points))


def test_codes_are_decoded_one_by_one(deep_sdf):
    meshes = deep_sdf.decode_codes(deep_sdf.codes[:2], 24)
    for mesh, code in zip(meshes, deep_sdf.codes):
        assert np.array_equal(mesh.vertices, deep_sdf.mesh(code, 24).vertices)


def test_drawn_codes_have_the_mean_and_covariance_of_those_of_the_training(deep_sdf, monkeypatch):
    monkeypatch.setattr(type(deep_sdf), "decode_codes", lambda self, codes, resolution: [codes])
    (drawn,) = deep_sdf.sample(20_000, seed=1)
    codes = deep_sdf.codes
    scale = codes.std(0).max()
    assert (drawn.mean(0) - codes.mean(0)).abs().max() < 0.03 * scale
    assert (drawn.mT.cov() - codes.mT.cov()).abs().max() < 0.06 * scale**2
    assert torch.equal(drawn, deep_sdf.sample(20_000, seed=1)[0])
