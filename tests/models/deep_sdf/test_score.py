from dataclasses import replace

import pytest
import torch

from diffshape import metrics
from diffshape.data import shape_family
from diffshape.models import DeepSDFScore, find_codes, score_deep_sdf


@pytest.fixture(scope="module")
def unseen():
    vertices, faces = shape_family("ellipsoid", 2, seed=77).meshes()
    return [(each, faces) for each in vertices]


@pytest.fixture(scope="module")
def found(deep_sdf, unseen):
    return find_codes(deep_sdf, unseen, observed=600, steps=200)


def test_the_half_is_the_one_with_the_smallest_x(deep_sdf, unseen, found):
    points, distances = deep_sdf.observe(unseen[1], 600)
    middle = points[:, 0].median()
    assert found.seen.points.shape == (2, 300, 3)
    assert found.seen.points[1, :, 0].max() <= middle
    order = points[:, 0].argsort()[:300]
    assert torch.equal(found.seen.distances[1], distances[order])
    assert found.whole.shape == found.half.shape == (2, 8)
    assert torch.equal(found.whole[0], deep_sdf.infer(*map(torch.stack, zip(*(
        deep_sdf.observe(mesh, 600) for mesh in unseen))), steps=200)[0])  # fmt: skip


def test_numbers_are_those_of_the_metric(deep_sdf, ellipsoids, unseen, found):
    score = score_deep_sdf(deep_sdf, ellipsoids, unseen, found, recalled=2, samples=2000, resolution=40)
    assert [len(each) for each in (score.recalled, score.whole, score.half, score.nearest)] == [2, 2, 2, 2]
    surface = deep_sdf.mesh(deep_sdf.codes[1], 40)
    assert score.recalled[1] == 1e3 * metrics.compare_surfaces(surface, ellipsoids[1], samples=2000).chamfer
    distances = [metrics.compare_surfaces(mesh, unseen[0], samples=2000).chamfer for mesh in ellipsoids]
    assert score.nearest[0] == 1e3 * min(distances)
    assert max(score.whole) < min(15, 0.3 * min(score.nearest))
    everything = score_deep_sdf(deep_sdf, ellipsoids, unseen, found, samples=100, resolution=16)
    assert len(everything.recalled) == len(ellipsoids)


def test_a_code_without_a_surface_has_no_number(deep_sdf, ellipsoids, unseen, found):
    field = type(deep_sdf.field)(deep_sdf.config.network, shapes=len(ellipsoids))
    field.load_state_dict(deep_sdf.field.state_dict())
    field.decoder.biases[-1].data.fill_(9.0)
    score = score_deep_sdf(replace(deep_sdf, field=field.eval()), ellipsoids, unseen, found, recalled=1, samples=100)
    assert (score.recalled, score.half) == ((None,), (None, None))
    assert "none" in str(score).splitlines()[1]


def test_it_is_told_as_a_table():
    score = DeepSDFScore(recalled=(1.0, 2.0), whole=(3.0, None), half=(4.0,), nearest=(50.0, 70.04))
    head, *rows = str(score).splitlines()
    assert head.split()[-2:] == ["mean", "worst"]
    assert [row.split()[-2:] for row in rows] == [["1.5", "2.0"], ["none", "none"], ["4.0", "4.0"], ["60.0", "70.0"]]
    assert len({len(row) for row in (head, *rows)}) == 1


def test_what_does_not_fit_is_refused(deep_sdf, ellipsoids, unseen, found):
    with pytest.raises(ValueError, match="must hold one mesh or more"):
        find_codes(deep_sdf, [])
    with pytest.raises(ValueError, match="as many as codes, 8 and 2, got 7 and 2"):
        score_deep_sdf(deep_sdf, ellipsoids[:7], unseen, found)
    with pytest.raises(ValueError, match="got 8 and 1"):
        score_deep_sdf(deep_sdf, ellipsoids, unseen[:1], found)
