import numpy as np
import pytest
import torch
import trimesh

from diffshape.report import preview
from diffshape.report.pictures.render.subject import subject_of

BALL = trimesh.creation.icosphere(3)
VERTICES, FACES = np.array(BALL.vertices), np.array(BALL.faces)


def is_background(image):
    return (image == preview([], [], size=1)[0, 0]).all(-1)


def silhouette(*shape, **options):
    """Where there is something, shadows left out."""
    return ~is_background(preview(*shape, ground=False, **options))


def test_z_is_up_unless_something_else_is_said():
    box = trimesh.creation.box((1, 2, 3))
    default, up = (preview(box.vertices, box.faces, size=24, **options) for options in ({}, {"up": "z"}))
    assert np.array_equal(default, up)


def test_panels_and_types():
    alone = preview(VERTICES, FACES, size=48)
    assert alone.shape == (48, 48, 3)
    assert alone.dtype == np.uint8
    both = preview(torch.tensor(VERTICES), torch.tensor(FACES), torch.tensor(VERTICES), size=48)
    assert both.shape == (48, 96, 3)
    assert np.array_equal(both[:, 48:], alone)  # one camera: the points fill the same frame here


def test_ball_is_a_disc_filling_nine_tenths():
    seen = silhouette(VERTICES, FACES, size=100)
    assert seen.mean() == pytest.approx(np.pi / 4 * 0.9**2, rel=0.04)
    assert not seen[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert seen[50, 50]


def test_light_comes_from_the_upper_left():
    image = preview(VERTICES, FACES, size=100).astype(float).sum(-1)
    assert image[30, 30] > image[70, 70] + 60


def test_points_are_drawn_where_the_surface_is():
    seen = silhouette(VERTICES, FACES, VERTICES, size=100)
    points, surface = seen[:, :100], seen[:, 100:]
    assert (points & surface).sum() > 0.9 * points.sum()
    assert points.sum() > 0.4 * surface.sum()


def test_of_many_points_enough_are_drawn():
    many = torch.nn.functional.normalize(torch.randn(310_000, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    drawn = subject_of([], [], many, confidence=None, colors=None, function="test").points
    assert len(drawn) == len(drawn.unique(dim=0)) == 300_000
    seen = silhouette(VERTICES, FACES, many, size=100)
    points, surface = seen[:, :100], seen[:, 100:]
    assert (points & surface).sum() > 0.99 * surface.sum()


def test_inner_side_is_red():
    outer, inner = (preview(VERTICES, faces, size=64)[32, 32].astype(int) for faces in (FACES, FACES[:, ::-1].copy()))
    assert outer[2] > outer[0]
    assert inner[0] > inner[2]


def test_a_surface_is_violet_where_it_is_not_sure():
    below = torch.from_numpy(np.clip(VERTICES[:, 2] + 0.5, 0, 1))
    sure = preview(VERTICES, FACES, size=64, elevation=0.0)
    assert np.array_equal(sure, preview(VERTICES, FACES, size=64, elevation=0.0, confidence=np.ones(len(VERTICES))))
    image = preview(VERTICES, FACES, size=64, elevation=0.0, confidence=below)
    changed = (image.astype(int) - sure).sum(axis=1)
    assert min(changed[32, 0], changed[52, 0]) > 0 == changed[12, 0]  # more red
    assert max(changed[32, 1], changed[52, 1]) < 0 == changed[12, 1]  # less green


def test_each_view_option_acts():
    box = trimesh.creation.box((1, 2, 3))
    pictures = [
        preview(box.vertices.copy(), box.faces.copy(), size=40, **options)
        for options in ({}, {"azimuth": 80.0}, {"elevation": 60.0}, {"up": "y"}, {"up": "x"})
    ]
    assert len({picture.tobytes() for picture in pictures}) == 5


def red_ball_at(place, **options):
    """Where the red one of two balls, a blue one at the origin, is in the picture: mean column and row, 0 to 1."""
    ball = trimesh.creation.icosphere(2, radius=0.3)
    vertices = np.concatenate([ball.vertices, ball.vertices + place])
    faces = np.concatenate([ball.faces, ball.faces[:, ::-1] + len(ball.vertices)])
    image = preview(vertices, faces, size=64, **options).astype(int)
    rows, columns = np.nonzero(image[..., 0] > image[..., 2])
    return columns.mean() / 64, rows.mean() / 64


@pytest.mark.parametrize(
    ("up", "above", "right"),
    [("x", 0, 2), ("y", 1, 0), ("z", 2, 1), ("-x", 0, 2), ("-y", 1, 0), ("-z", 2, 1)],
)
def test_up_is_up_and_right_is_right(up, above, right):
    high = (-2 if up.startswith("-") else 2) * np.eye(3)[above]
    column, row = red_ball_at(high, up=up, azimuth=0.0, elevation=0.0)
    assert row < 0.3
    assert column == pytest.approx(0.5, abs=0.05)
    column, row = red_ball_at(2 * np.eye(3)[right], up=up, azimuth=0.0, elevation=0.0)
    assert column > 0.7  # right, up and towards the eye are right-handed: nothing is mirrored
    assert row == pytest.approx(0.5, abs=0.05)


def test_camera_stands_above_at_positive_elevation():
    _, row = red_ball_at(np.array([0.0, 0.0, 2.0]), up="y", azimuth=0.0, elevation=60.0)
    assert row > 0.7  # what is nearer to the eye is lower in the picture


@pytest.mark.parametrize("points", [None, np.zeros((0, 3)), np.zeros((1, 3)), np.zeros((5, 3))])
def test_empty_surface_and_coincident_points(points):
    image = preview(np.zeros((0, 3)), np.zeros((0, 3)), points, size=32)
    assert is_background(image[:, -32:]).all()
    if points is not None and len(points):
        assert not is_background(image[:, :32]).all()


def test_far_from_the_origin():
    near, far = preview(VERTICES, FACES, size=40), preview(VERTICES + 1e7, FACES, size=40)
    assert np.abs(near.astype(int) - far).max() <= 2


def test_same_bits_and_a_file(tmp_path):
    image = preview(VERTICES, FACES, VERTICES, size=32, path=tmp_path / "p.png")
    assert np.array_equal(image, preview(VERTICES, FACES, VERTICES, size=32))
    assert (tmp_path / "p.png").stat().st_size > 500


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((VERTICES[:, :2], FACES), {}, r"preview: vertices must have shape \(N, 3\), got \(642, 2\)"),
        ((VERTICES * np.nan, FACES), {}, "preview: vertices must be finite"),
        ((VERTICES, FACES, VERTICES + np.inf), {}, "preview: points must be finite"),
        ((VERTICES, FACES[:, :2]), {}, r"preview: faces must be integers of shape \(F, 3\)"),
        ((VERTICES, FACES * 1.0), {}, "preview: faces must be integers"),
        ((VERTICES, FACES + 1), {}, "preview: faces must index vertices 0 to 641, got 1 to 642"),
        (
            (VERTICES, FACES),
            {"confidence": [1.0]},
            r"preview: confidence must be numbers from 0 to 1 of shape \(642,\)",
        ),
        ((VERTICES, FACES), {"confidence": VERTICES[:, 0] * 9}, "preview: confidence must be numbers from 0 to 1"),
        ((VERTICES, FACES), {"size": 0}, "size must be at least 1, got 0"),
        ((VERTICES, FACES), {"up": "w"}, "up must be one of 'x', 'y', 'z', '-x', '-y', '-z', got 'w'"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        preview(*arguments, **options)


@pytest.mark.parametrize("bounds", [((0, 0, 0), (-1, 1, 1)), ((0, 0), (1, 1)), ((0, 0, 0), (1, 1, float("inf")))])
def test_bounds_that_are_no_box_are_refused(bounds):
    with pytest.raises(ValueError, match="preview: bounds must be two finite corners"):
        preview(np.zeros((0, 3)), [], size=8, bounds=bounds)


def test_bounds_set_the_scale():
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    view = {"azimuth": 0.0, "elevation": 0.0, "size": 64, "ground": False}
    far, same = (preview(triangle, [[0, 1, 2]], bounds=((0, 0, 0), (high, high, 0)), **view) for high in (2.0, 1.0))
    assert np.array_equal(same, preview(triangle, [[0, 1, 2]], **view))
    sizes = [(picture != picture[0, -1]).any(-1).any(0).sum() for picture in (far, same)]
    assert sizes[1] == pytest.approx(2 * sizes[0], abs=2)


AXES = [("x", 0), ("y", 1), ("z", 2), ("-x", 0), ("-y", 1), ("-z", 2)]


def shadow(vertices, faces, **options):
    """How much darker each pixel is than without the ground, 0 to 255."""
    drawn, plain = (preview(vertices, faces, size=96, ground=ground, **options) for ground in (True, False))
    return (plain.astype(int) - drawn).max(axis=-1)


@pytest.mark.parametrize(("up", "axis"), AXES)
def test_a_shadow_lies_below_the_shape_whatever_is_up(up, axis):
    high = (-0.2 if up.startswith("-") else 0.2) * np.eye(3)[axis]
    bounds = [-0.8] * 3, [0.8] * 3  # the ball floats above the floor of the box
    dark = shadow(0.4 * VERTICES + high, FACES, up=up, bounds=bounds)
    ball = silhouette(0.4 * VERTICES + high, FACES, up=up, bounds=bounds, size=96)
    assert dark.min() >= 0
    assert dark[~ball].max() >= 10
    rows, columns = (np.average(np.indices(dark.shape)[each], weights=dark) for each in (0, 1))
    ball_rows, ball_columns = (np.nonzero(ball)[each].mean() for each in (0, 1))
    assert rows > ball_rows + 20
    assert columns == pytest.approx(ball_columns, abs=3)


def test_a_shadow_is_darker_and_narrower_the_lower_the_shape():
    bounds = ([-1.5, -1.5, 0], [1.5, 1.5, 3])
    low, high = (shadow(0.4 * VERTICES + [0, 0, height], FACES, bounds=bounds, elevation=60.0) for height in (0.4, 1.2))
    assert low.max() > 1.5 * high.max() > 12
    assert (low > 0.2 * low.max()).sum() < (high > 0.2 * high.max()).sum()


def test_a_shadow_fades_out_and_is_none_for_an_eye_below_the_ground():
    dark = shadow(0.3 * VERTICES, FACES, bounds=([-1, -1, -0.3], [1, 1, 0.3]), elevation=89.0)
    assert dark.max() > 15
    assert not dark[[0, -1]].any()
    assert not dark[:, [0, -1]].any()
    assert np.diff(dark[48, :28]).min() >= -1  # from the border to the ball
    for elevation in (-20.0, 0.0):
        assert not shadow(VERTICES, FACES, elevation=elevation).any()


def test_points_throw_the_shadow_of_the_surface_they_lie_on():
    points = np.random.default_rng(0).normal(size=(5000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    view = {"size": 96, "bounds": ([-1.5, -1.5, -1], [1.5, 1.5, 1])}
    plain, shaded = (preview(VERTICES, FACES, points, ground=ground, **view).astype(int) for ground in (False, True))
    dark = (plain - shaded).max(axis=-1)
    there = is_background(plain[:, :96]) & is_background(plain[:, 96:])
    sums = [dark[:, :96][there].sum(), dark[:, 96:][there].sum()]
    assert sums[0] == pytest.approx(sums[1], rel=0.2)
    assert sums[1] > 3000


def luminance(image):
    return image.astype(float).mean(axis=-1)


def test_a_hollow_is_darker_than_the_open_and_what_is_flat_or_rough_is_not():
    steps = np.linspace(-1, 1, 81)
    x, y = (each.ravel() for each in np.meshgrid(steps, steps))
    index = np.arange(81 * 81).reshape(81, 81)
    first, right, above, across = (
        each.ravel() for each in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:])
    )
    faces = np.concatenate([np.stack([first, right, across], 1), np.stack([first, across, above], 1)])
    view = {"azimuth": 0.0, "elevation": 90.0, "size": 128, "ground": False, "bounds": ([-1, -1, -1], [1, 1, 1])}
    rough = 0.004 * np.random.default_rng(0).normal(size=len(x))
    flat, uneven, sunken, pit = (
        luminance(preview(np.stack([x, y, z], 1), faces, **view))
        for z in (0 * x, rough, 0 * x - 0.5, -0.5 * (np.maximum(abs(x), abs(y)) < 0.3))
    )
    assert np.ptp(flat[10:-10, 10:-10]) < 2
    assert uneven[10:-10, 10:-10].mean() > 0.94 * flat[64, 64]
    corner = pit[64 + 14, 64 + 14]  # between two walls and the floor
    assert corner < 0.93 * sunken[64, 64]
    assert pit[16, 16] == pytest.approx(flat[16, 16], abs=2)
