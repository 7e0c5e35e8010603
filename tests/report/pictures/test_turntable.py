"""A turning shape: its frames, its files, and that it stays where it is."""

import sys

import numpy as np
import pytest
import trimesh
from PIL import Image

from diffshape.report import preview, turntable
from diffshape.report.pictures.films import write_film

BOX = trimesh.creation.box((1, 2, 3))
VERTICES, FACES = np.array(BOX.vertices), np.array(BOX.faces)
SMALL = {"frames": 4, "size": 48}


def seen(pictures):
    return np.ptp(pictures.astype(int), axis=-1) > 12


def test_half_a_turn_of_a_box_is_the_box_and_a_quarter_is_not():
    frames = turntable(VERTICES, FACES, **SMALL)
    assert frames.shape == (4, 48, 48, 3)
    assert np.abs(frames[0].astype(int) - frames[2]).mean() < 1
    assert not np.array_equal(seen(frames[0]), seen(frames[1]))


@pytest.mark.parametrize(("up", "axis"), [("x", 0), ("y", 1), ("z", 2), ("-y", 1)])
def test_it_turns_about_its_axis_and_neither_moves_nor_grows(up, axis):
    pole = trimesh.creation.cylinder(0.4, 2).vertices
    faces = trimesh.creation.cylinder(0.4, 2).faces
    poles = np.roll(np.concatenate([pole, pole + np.array([5.0, 5.0, 0.0])]), axis - 2, axis=1)
    pair = np.concatenate([faces, faces + len(pole)])
    frames = seen(turntable(poles, pair, up=up, frames=6, size=64, elevation=0.0, ground=False))
    rows = [np.nonzero(frame.any(axis=1))[0] for frame in frames]
    columns = [np.nonzero(frame.any(axis=0))[0] for frame in frames]
    assert np.ptp([row.max() for row in rows]) <= 1
    middles = [(column.min() + column.max()) / 2 for column in columns]
    np.testing.assert_allclose(middles, 31.5, atol=1)  # two poles, opposite one another
    assert np.ptp([column.max() for column in columns]) > 8


def test_points_turn_to_the_left_of_their_surface_or_alone():
    both = turntable(VERTICES, FACES, VERTICES, frames=2, size=40)
    assert both.shape == (2, 40, 80, 3)
    assert np.array_equal(both[:, :, 40:], turntable(VERTICES, FACES, frames=2, size=40))
    assert np.array_equal(both[:, :, :40], turntable([], [], VERTICES, frames=2, size=40))
    assert turntable([], [], frames=2, size=8).shape == (2, 8, 8, 3)


def test_a_gif_has_the_frames_and_repeats_for_ever(tmp_path):
    frames = turntable(VERTICES, FACES, path=tmp_path / "turn.gif", frames=5, seconds=1.0, size=48)
    with Image.open(tmp_path / "turn.gif") as film:
        assert film.n_frames == 5
        assert film.info["loop"] == 0
        for number, frame in enumerate(frames):
            film.seek(number)
            assert film.info["duration"] == 200
            assert np.abs(np.asarray(film.convert("RGB")).astype(int) - frame).max() <= 12


def test_a_picture_of_few_colors_keeps_them(tmp_path):
    frames = [np.full((6, 4, 3), color, np.uint8) for color in ((1, 2, 3), (250, 128, 7), (0, 255, 0))]
    write_film(tmp_path / "a.gif", frames, seconds=0.3)
    with Image.open(tmp_path / "a.gif") as film:
        for number, frame in enumerate(frames):
            film.seek(number)
            assert np.array_equal(np.asarray(film.convert("RGB")), frame)


def test_an_mp4_has_the_frames(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    imageio = pytest.importorskip("imageio.v3")
    frames = turntable(VERTICES, FACES, path=tmp_path / "turn.mp4", frames=6, seconds=1.0, size=63)
    read = imageio.imread(tmp_path / "turn.mp4", plugin="FFMPEG")
    assert read.shape == (6, 64, 64, 3)
    assert np.abs(read[:, :63, :63].astype(int) - frames).mean() < 4


def test_without_ffmpeg_it_says_so_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(
        ImportError, match=r"turntable: path: MP4 is written by ffmpeg; pip install 'imageio\[ffmpeg\]'"
    ):
        turntable(VERTICES, FACES, path=tmp_path / "turn.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "turn.webm"}, r"turntable: path must end in .gif or .mp4, got 'turn.webm'"),
        ({"frames": 1}, "turntable: frames must be at least 2, got 1"),
        ({"seconds": 0.0}, "turntable: seconds must be"),
        ({"size": 0}, "turntable: size must be at least 1"),
        ({"confidence": [2.0]}, "turntable: confidence must be numbers from 0 to 1"),
        ({"colors": [2.0]}, "turntable"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        turntable(VERTICES, FACES, **options)


def test_the_first_picture_is_seen_as_a_preview_is():
    first = turntable(VERTICES, FACES, **SMALL)[0]
    radius = np.hypot(0.5, 1.0)
    alike = preview(VERTICES, FACES, size=48, bounds=([-radius, -radius, -1.5], [radius, radius, 1.5]))
    assert seen(first).sum() == pytest.approx(seen(alike).sum(), rel=0.25)
