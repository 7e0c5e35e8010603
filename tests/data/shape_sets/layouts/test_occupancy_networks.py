import numpy as np
import pytest
import torch

from diffshape.data import ReadError, read_shapes
from diffshape.data.formats.binvox import write_binvox
from diffshape.data.shape_sets.layouts import occupancy_networks

POINTS = np.random.default_rng(0).uniform(-0.55, 0.55, (21, 3)).astype(np.float32)
INSIDE = np.abs(POINTS).max(axis=1) < 0.4
NORMALS = np.eye(3, dtype=np.float32)[np.arange(21) % 3]


def write_shape(folder, kind=np.float32, *, packed=True):
    folder.mkdir(parents=True)
    occupancies = np.packbits(INSIDE) if packed else INSIDE.astype(np.float32)
    place = {"loc": np.full(3, 9.0), "scale": 7.0}
    np.savez(folder / "points.npz", points=POINTS.astype(kind), occupancies=occupancies, **place)
    np.savez(folder / "pointcloud.npz", points=POINTS.astype(kind), normals=NORMALS.astype(kind), **place)


@pytest.fixture
def folder(tmp_path):
    for name in ("03001627/b", "03001627/a", "02691156/c"):
        write_shape(tmp_path / name)
    (tmp_path / "metadata.yaml").write_text("03001627: chair")
    return tmp_path


def read(folder, **options):
    return read_shapes(folder, **{"points": 21, "volume_points": 21, **options})


def test_points_normals_and_occupancies_are_those_of_the_files(folder):
    shapes = read(folder)
    assert shapes.names == ("02691156/c", "03001627/a", "03001627/b")
    assert np.array_equal(shapes.points[1], POINTS)
    assert np.array_equal(shapes.normals[1], NORMALS)
    assert np.array_equal(shapes.volume_points[2], POINTS)
    assert np.array_equal(shapes.occupancies[2], INSIDE)  # 21 bits in 3 bytes: the last three are no points
    assert shapes.near_points is None
    assert shapes.notes == ()


def test_occupancies_need_not_be_packed(tmp_path):
    write_shape(tmp_path / "a", packed=False)
    assert np.array_equal(read(tmp_path).occupancies[0], INSIDE)


def test_half_precision_is_taken_off_its_lattice_by_the_seed(tmp_path):
    write_shape(tmp_path / "a", np.float16)
    shapes, again, other = (read(tmp_path, seed=seed) for seed in (0, 0, 1))
    lattice = torch.from_numpy(POINTS.astype(np.float16)).float()
    moves = shapes.volume_points[0] - lattice
    assert shapes.volume_points.dtype == torch.float32
    assert 5e-5 < moves.std() < 2e-4
    assert torch.equal(shapes.points[0], lattice)  # as the released loader leaves them
    assert torch.equal(shapes.volume_points, again.volume_points)
    assert not torch.equal(shapes.volume_points, other.volume_points)


def test_fewer_points_are_drawn_without_repetition_and_stay_with_their_values(folder):
    shapes = read(folder, points=8, volume_points=9)
    rows = [np.flatnonzero((point == POINTS).all(axis=1)).item() for point in shapes.volume_points[0].numpy()]
    assert len(set(rows)) == 9
    assert np.array_equal(shapes.occupancies[0], INSIDE[rows])
    assert not torch.equal(shapes.volume_points[0], shapes.volume_points[1])  # each shape draws for itself


def test_a_list_names_the_shapes_that_are_read(folder):
    (folder / "03001627" / "train.lst").write_text("b\n\n")
    shapes = read(folder / "03001627" / "train.lst")
    assert shapes.names == ("b",)
    (folder / "03001627" / "train.lst").write_text("b\nx\ny")
    with pytest.raises(ReadError, match=r"train.lst: must name folders beside it; not there are x, y"):
        read(folder / "03001627" / "train.lst")


def test_the_folder_of_one_shape_is_that_shape(folder):
    assert read(folder / "03001627" / "a").names == ("a",)


def test_voxels_are_indexed_x_y_z_and_made_coarser(folder):
    voxels = np.zeros((4, 4, 4), bool)
    voxels[0, 1, 2] = voxels[2:, 2:, :2] = True
    for path in folder.glob("*/*"):
        write_binvox(path / "model.binvox", voxels)
    assert np.array_equal(read(folder).voxels[0], voxels)
    coarse = read(folder, resolution=2).voxels[0]
    assert coarse.nonzero().tolist() == [[1, 1, 0]]
    with pytest.raises(ReadError, match=r"model.binvox: .*4\^3 voxels do not make 3\^3; ask for a divisor of 4"):
        read(folder, resolution=3)


def test_voxels_that_some_lack_are_left_out_with_a_note_unless_asked_for(folder):
    write_binvox(folder / "03001627" / "a" / "model.binvox", np.ones((2, 2, 2), bool))
    shapes = read(folder)
    assert shapes.voxels is None
    assert shapes.notes == ("02691156/c, 03001627/b: The voxels of the others are left out, as there are none here.",)
    with pytest.raises(ReadError, match=r"2 of 3 shapes have no voxels: 02691156/c, 03001627/b; .*resolution=None"):
        read(folder, resolution=2)


def test_images_and_cameras(folder, monkeypatch):
    turn = np.array([[0.0, 0, 1, 5], [0, 1, 0, 6], [-1, 0, 0, 7]])
    for path in folder.glob("*/*"):
        (path / "img_choy2016").mkdir()
        for name in ("001.jpg", "000.jpg", "002.jpg"):
            (path / "img_choy2016" / name).write_text(name)
        np.savez(path / "img_choy2016" / "cameras.npz", world_mat_0=turn, world_mat_1=turn, camera_mat_0=turn)
    monkeypatch.setattr(
        occupancy_networks, "read_gray", lambda path: np.full((2, 3), 51 * int(path.read_text()[:3]), np.uint8)
    )
    assert read(folder).images is None
    shapes = read(folder, views=2)
    assert shapes.images.shape == (3, 2, 2, 3)
    assert torch.allclose(shapes.images[0, :, 0, 0], torch.tensor([0.0, 0.2]))
    assert torch.equal(shapes.views[2, 1], torch.from_numpy(turn[:, :3]).float())
    small = read(folder, views=2, image_size=1)
    assert torch.allclose(small.images, torch.tensor([0.0, 0.2])[:, None, None])
    with pytest.raises(ReadError, match="3 images are fewer than the 4"):
        read(folder, views=4)
    with pytest.raises(ReadError, match="it has no 'world_mat_2'"):
        read(folder, views=3)


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("points.npz", {"points": POINTS}, "holds points and no 'occupancies'"),
        ("points.npz", {"occupancies": INSIDE}, "holds occupancies and no 'points'"),
        ("points.npz", {"points": POINTS, "occupancies": INSIDE[:5]}, r"occupancies must be numbers of shape \(21,\)"),
        ("points.npz", {"points": POINTS, "occupancies": np.packbits(INSIDE)[:2]}, "occupancies must be numbers"),
        ("points.npz", {"points": POINTS * np.nan, "occupancies": INSIDE}, "points must be finite"),
        ("points.npz", {"points": POINTS * 3, "occupancies": INSIDE}, "volume_points reach 1.6.* from 0 along an axis"),
        ("points.npz", {"points": POINTS[:, :2], "occupancies": INSIDE}, r"points must be numbers of shape \(21, 3\)"),
        ("points.npz", {"points": POINTS.astype(str), "occupancies": INSIDE}, "points must be numbers"),
        ("points.npz", {"points": np.array([None]), "occupancies": INSIDE}, "which are never unpickled"),
        ("points.npz", {"points": POINTS[:7], "occupancies": INSIDE[:7]}, "7 points are fewer than the 21 "),
        ("pointcloud.npz", {"points": POINTS, "normals": NORMALS[:4]}, "normals must be 21 like the points, got 4"),
        ("pointcloud.npz", {"wrong": POINTS}, "no 'points'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_file(folder, name, arrays, message):
    np.savez(folder / "03001627" / "b" / name, **arrays)
    with pytest.raises(ReadError, match=message) as caught:
        read(folder)
    assert "1 of 3 shapes cannot be read: " in str(caught.value)
    assert "03001627/b" in str(caught.value)


def test_every_torn_file_is_named(folder):
    for name in ("02691156/c/points.npz", "03001627/a/pointcloud.npz"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ReadError, match=r"2 of 3 shapes cannot be read: .*c/points.npz: .*; .*a/pointcloud.npz: "):
        read(folder)


def test_points_that_some_lack_are_an_error_that_says_how_to_do_without(folder):
    (folder / "03001627" / "a" / "points.npz").unlink()
    with pytest.raises(ReadError, match=r"1 of 3 shapes have no volume_points: 03001627/a; .*volume_points=None"):
        read(folder)
    assert read(folder, volume_points=None).volume_points is None
