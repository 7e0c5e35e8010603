import pytest
import torch

from diffshape.fitting import DiffCD
from diffshape.fitting.methods.surface_pool import SurfacePool

BOUNDS = (-0.8, 0.8)


def pool(seed=0, **options):
    settings = {"pool": 400, "surface_batch": 128, "mesh_resolution": 32, "meshings": 4, **options}
    return SurfacePool(DiffCD(**settings), BOUNDS, torch.Generator().manual_seed(seed))


def test_the_samples_cover_the_surface(sphere_field):
    samples = pool(pool=4000)
    samples.refresh(sphere_field(0.5), 0.0)
    assert samples.points.shape == (4000, 3)
    assert (samples.points.norm(dim=-1) - 0.5).abs().max() < 0.01
    assert samples.points.mean(dim=0).abs().max() < 0.03


@pytest.mark.parametrize("pull", ["newton", "trace"])
def test_drawn_samples_lie_on_the_moved_surface_and_stay_there(sphere_field, pull):
    samples = pool(pull=pull, pulls=2)
    samples.refresh(sphere_field(0.5), 0.0)
    drawn = samples.draw(sphere_field(0.6))
    assert drawn.points.shape == (128, 3)
    assert (drawn.points.norm(dim=-1) - 0.6).abs().max() < 1e-5
    assert drawn.values.abs().max() < 1e-5
    moved = (samples.points.norm(dim=-1) - 0.6).abs() < 1e-5
    assert 80 < moved.sum() <= 128
    assert ((samples.points[~moved].norm(dim=-1) - 0.5).abs() < 0.01).all()


def test_without_pulls_samples_stay(sphere_field):
    samples = pool(pulls=0)
    samples.refresh(sphere_field(0.5), 0.0)
    before = samples.points.clone()
    drawn = samples.draw(sphere_field(0.6))
    assert torch.equal(samples.points, before)
    assert drawn.values.max() < -0.08


def test_a_newton_pull_knows_the_slope_and_a_trace_pull_does_not(sphere_field):
    reached = {}
    for pull in ("newton", "trace"):
        samples = pool(pull=pull, pulls=1)
        samples.refresh(sphere_field(0.5), 0.0)
        reached[pull] = samples.draw(sphere_field(0.55, slope=2.0)).points.norm(dim=-1).mean().item()
    assert reached["newton"] == pytest.approx(0.55, abs=1e-4)
    assert reached["trace"] == pytest.approx(0.60, abs=3e-3)


def test_meshing_waits_for_its_share(sphere_field):
    samples = pool()
    made = []
    for share in (0.0, 0.1, 0.24, 0.26, 0.9, 0.95):
        samples.refresh(sphere_field(0.5), share)
        made.append(samples.points)
    assert [made[i] is made[i - 1] for i in range(1, 6)] == [True, True, False, False, True]
    assert samples.meshings.item() == 4


def test_an_empty_level_set_keeps_the_old_samples(sphere_field):
    samples = pool()
    samples.refresh(sphere_field(0.5), 0.0)
    before = samples.points
    samples.refresh(sphere_field(-0.5), 0.3)
    assert samples.points is before


def test_before_any_surface_there_is_nothing_to_draw(sphere_field):
    samples = pool()
    samples.refresh(sphere_field(-0.5), 0.0)
    assert samples.draw(sphere_field(-0.5)) is None


def test_stored_samples_stay_in_the_box(sphere_field):
    samples = pool(pulls=1)
    samples.refresh(sphere_field(0.5), 0.0)
    drawn = samples.draw(sphere_field(1.2))
    assert drawn.points.abs().max() > 0.8
    assert samples.points.abs().max() == pytest.approx(0.8)


def test_a_batch_larger_than_the_pool_is_the_size_of_the_pool(sphere_field):
    samples = pool(pool=20)
    samples.refresh(sphere_field(0.5), 0.0)
    assert len(samples.draw(sphere_field(0.5)).points) == 20


def test_state_brings_the_pool_back(sphere_field):
    first, second = pool(seed=0), pool(seed=1)
    first.refresh(sphere_field(0.5), 0.0)
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    second.load_state(state)
    assert torch.equal(second.points, first.points)
    second.draw(sphere_field(0.6))
    assert torch.equal(state["pool"], first.points)  # loaded by value
    second.refresh(sphere_field(0.4), 0.1)
    assert second.points.norm(dim=-1).min() > 0.49  # the meshing of this share was already made


def test_the_seed_decides(sphere_field):
    pools = [pool(seed) for seed in (0, 0, 1)]
    for samples in pools:
        samples.refresh(sphere_field(0.5), 0.0)
        samples.draw(sphere_field(0.6))
    assert torch.equal(pools[0].points, pools[1].points)
    assert not torch.equal(pools[0].points, pools[2].points)
