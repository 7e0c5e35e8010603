"""Reading whole sets: seeds, processes, caches, and whatever damaged files hold."""

import os
import random

import numpy as np
import pytest
import torch

from diffshape.data import ReadError, icosphere, read_shapes, write_mesh, write_points, write_shapes
from diffshape.data.shape_sets.cache import read_cached
from diffshape.data.shape_sets.shape_set import ShapeSet

SIZES = {"points": 50, "volume_points": 40, "near_points": 30}
BALL = icosphere(2)


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(("c", "a", "b")):
        write_mesh(tmp_path / "meshes" / f"{name}.ply", BALL.vertices * [1, 1, 1 + number], BALL.faces)
    return tmp_path / "meshes"


def same(first, second):
    """Whether two sets are the same to the last bit."""
    own, other = first.parts(), second.parts()
    equal = [torch.equal(own[name], other[name]) for name in own]
    return first.names == second.names and first.notes == second.notes and own.keys() == other.keys() and all(equal)


def test_any_number_of_processes_reads_the_same_bits_and_leaves_the_global_generator(folder):
    state = torch.get_rng_state()
    sets = [read_shapes(folder, resolution=4, workers=workers, **SIZES) for workers in (0, 1, 2)]
    assert same(sets[0], sets[1])
    assert same(sets[0], sets[2])
    assert torch.equal(state, torch.get_rng_state())


def test_a_shape_depends_on_its_name_and_the_seed_and_on_nothing_beside_it(folder):
    every = read_shapes(folder, **SIZES)
    (folder / "a.ply").unlink()
    assert same(read_shapes(folder, **SIZES), every[1:])
    other = read_shapes(folder, seed=1, **SIZES)
    assert not (other.points == every[1:].points).all(-1).any()


def test_errors_of_processes_are_those_of_this_one(folder):
    (folder / "a.ply").write_bytes(b"ply")
    (folder / "c.ply").write_bytes(b"")
    told = []
    for workers in (0, 2):
        with pytest.raises(ReadError, match=r"2 of 3 shapes cannot be read: .*a.ply: .*; .*c.ply: ") as caught:
            read_shapes(folder, workers=workers, **SIZES)
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_a_cache_is_used_until_a_file_or_an_argument_changes(folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    first = read_shapes(folder, cache=cache, **SIZES)
    (kept,) = cache.iterdir()
    monkeypatch.setattr("diffshape.data.shape_sets.reading.gathered", None)  # nothing is read any more
    assert same(read_shapes(folder, cache=cache, workers=2, **SIZES), first)
    assert same(read_shapes(folder, cache=str(cache), layout="meshes", **SIZES), first)
    monkeypatch.undo()
    read_shapes(folder, cache=cache, seed=1, **SIZES)
    read_shapes(folder, cache=cache, resolution=2, **SIZES)
    assert len(list(cache.iterdir())) == 3
    os.utime(folder / "a.ply", ns=(0, 0))
    assert same(read_shapes(folder, cache=cache, **SIZES), first)
    assert len(list(cache.iterdir())) == 4
    assert kept.exists()


@pytest.mark.parametrize("damage", [lambda content: content[:99], lambda content: content[:-1] + b"x", lambda _: b""])
def test_a_damaged_cache_is_made_again(folder, tmp_path, damage):
    first = read_shapes(folder, cache=tmp_path / "cache", **SIZES)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    assert same(read_shapes(folder, cache=tmp_path / "cache", **SIZES), first)
    assert same(read_cached(kept), first)


def test_notes_are_kept_in_a_cache(folder, tmp_path):
    write_mesh(folder / "open.ply", BALL.vertices, BALL.faces[:-1])
    first, again = (read_shapes(folder, cache=tmp_path / "cache", **SIZES) for _ in range(2))
    assert len(first.notes) == 1
    assert again.notes == first.notes


def test_long_reading_says_how_far_it_is(folder, monkeypatch, caplog):
    caplog.set_level("INFO", logger="diffshape")
    read_shapes(folder, **SIZES)
    monkeypatch.setattr("diffshape.data.shape_sets.gather._TOLD_EVERY", -1.0)
    read_shapes(folder, **SIZES)
    assert [record.message for record in caplog.records if "read" in record.message] == [
        f"{folder}: {number} of 3 shapes are read" for number in (1, 2, 3)
    ]


def test_nothing_that_is_asked_for(folder):
    with pytest.raises(ReadError, match="its 3 shapes have none of the parts that are asked for"):
        read_shapes(folder, points=None, volume_points=None, near_points=None)
    with pytest.raises(FileNotFoundError):
        read_shapes(folder / "missing")


def seeds(folder):
    """A small folder of each layout, by its name."""
    shapes = ShapeSet(
        names=("a",),
        points=torch.rand(1, 4, 3),
        normals=torch.eye(3)[None, [0, 1, 2, 0]],
        volume_points=torch.rand(1, 4, 3),
        occupancies=torch.tensor([[True, False, True, True]]),
        voxels=torch.ones(1, 2, 2, 2, dtype=torch.bool),
    )
    write_shapes(folder / "occupancy-networks", shapes)
    write_mesh(folder / "meshes" / "a.ply", BALL)
    write_points(folder / "latent-3d-points" / "a.ply", BALL.vertices / 2)
    (folder / "voxels").mkdir()
    np.save(folder / "voxels" / "a.npy", np.ones((2, 1, 2, 2, 2), np.uint8))
    np.savez(folder / "voxels" / "b.npz", np.ones((1, 2, 2, 2), np.uint8))
    try:
        import h5py
    except ImportError:
        return
    (folder / "im-net").mkdir()
    with h5py.File(folder / "im-net" / "a.hdf5", "w") as file:
        file["voxels"] = np.ones((1, 2, 2, 2, 1), np.uint8)
        file["points_16"] = np.ones((1, 4, 3), np.uint8)
        file["values_16"] = np.ones((1, 4, 1), np.uint8)


def damaged(content, rng):
    """Bytes that are cut, overwritten or exchanged."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(content))
        match rng.randrange(3):
            case 0:
                content[place:] = b""
            case 1:
                content[place : place + 4] = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\x7f", b"nan ", b"9999"])
            case 2:
                content[place] = rng.randrange(256)
        if not content:
            break
    return bytes(content)


@pytest.mark.parametrize("layout", ["occupancy-networks", "im-net", "latent-3d-points", "meshes", "voxels"])
def test_damaged_files_are_read_or_refused_by_one_sentence(tmp_path, layout):
    seeds(tmp_path)
    paths = sorted(path for path in (tmp_path / layout).rglob("*") if path.is_file())
    if not paths:
        pytest.skip("needs h5py")
    rng = random.Random(0)
    for path in paths:
        content, told = path.read_bytes(), []
        for _ in range(40):
            path.write_bytes(damaged(content, rng))
            try:
                shapes = read_shapes(tmp_path / layout, layout=layout, points=4, volume_points=4, near_points=4)
                assert all(bool(part.isfinite().all()) for part in shapes.parts().values())
            except ReadError as error:
                told.append(str(error))
        path.write_bytes(content)
        assert told
        assert all(str(tmp_path) in text and "\n" not in text for text in told)
