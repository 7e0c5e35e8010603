import numpy as np
import pytest
import torch
from PIL import Image

from diffshape.data import ReadError, read_landmark_folder, skeleton_of
from diffshape.data.landmarks.folder import read_points_csv
from diffshape.losses import Skeleton

ROWS = ["10,5,30,5,0", "10,20,30,21,0"]  # one vertebra, with the label of BUU-LSPINE


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "a", np.zeros((40, 80), np.uint8), ROWS)
    return tmp_path


def write(folder, name, image, rows):
    np.save(folder / f"{name}.npy", image)
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")


def test_rows_become_corners_left_then_right(folder):
    read = read_landmark_folder(folder, size=(40, 80))
    assert read.landmarks.tolist() == [[[10, 5], [30, 5], [10, 20], [30, 21]]]
    assert read.mask.all()
    assert read.skeleton == Skeleton.anteroposterior(1)
    assert (read.unit, read.spacing.tolist()) == ("px", [1.0])


def test_a_scaled_image_keeps_its_landmarks_and_its_unit(folder):
    """A bright pixel stays where its landmark is; a pixel of the result is two of the file."""
    image = np.zeros((40, 80), np.float32)
    image[20:22, 30:32] = 1
    write(folder, "a", image, ["30.5,20.5,40,20", "30,30,40,30"])
    read = read_landmark_folder(folder, size=(32, 40), spacing=0.5)
    assert read.images.shape == (1, 1, 32, 40)
    y, x = divmod(int(read.images[0, 0].argmax()), 40)
    assert (x, y) == (15, 10)
    torch.testing.assert_close(read.landmarks[0, 0], torch.tensor([15.0, 10.0]))
    assert read.images[0, 0, 20:].abs().max() == 0  # below is nothing
    assert (read.unit, read.spacing.tolist()) == ("mm", [1.0])


def test_lateral_rows_and_missing_ends(folder):
    write(folder, "a", np.zeros((40, 80), np.uint8), [*ROWS, "nan,nan,,"])
    read = read_landmark_folder(folder)
    assert read.skeleton == Skeleton.lateral(1)
    assert read.mask.tolist() == [[True] * 4 + [False] * 2]
    assert torch.isfinite(read.landmarks).all()


def test_landmarks_outside_are_masked(folder):
    write(folder, "a", np.zeros((40, 80), np.uint8), ["-3,5,30,5", "10,20,30,60"])
    assert read_landmark_folder(folder).mask.tolist() == [[False, True, True, False]]


def test_a_line_of_names_and_blank_lines_are_left_out(tmp_path):
    (tmp_path / "a.csv").write_text("\ufeffx1,y1,x2,y2,label\n\n" + "\n".join(ROWS) + "\n\n", encoding="utf-8")
    assert read_points_csv(tmp_path / "a.csv").shape == (4, 2)


@pytest.mark.parametrize(
    ("dtype", "largest"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1.0)], ids=["8 bit", "16 bit", "float"]
)
def test_values_are_0_to_1(folder, dtype, largest):
    write(folder, "a", np.full((64, 64), largest, dtype), ROWS)
    assert read_landmark_folder(folder, size=(64, 64)).images.unique().tolist() == [1.0]


@pytest.mark.parametrize(
    ("largest", "white"),
    [(255, 255), (1023, 1023), (1024, 4095), (4095, 4095), (4096, 16383), (20_000, 65535)],
)
def test_fewer_bits_in_sixteen_fill_the_range(folder, largest, white):
    """Scanners give 12 bits in 16; the brightest image of a folder tells for all of them."""
    write(folder, "a", np.full((64, 64), largest, np.uint16), ROWS)
    write(folder, "b", np.full((64, 64), 51, np.uint16), ROWS)
    write(folder, "c", np.full((64, 64), 51, np.uint8), ROWS)
    values = read_landmark_folder(folder, size=(64, 64)).images.amax((1, 2, 3))
    torch.testing.assert_close(values, torch.tensor([largest / white, 51 / white, 0.2]))


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_points_in_other_encodings(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes("\n".join(["x1,y1,x2,y2,Höhe", *ROWS]).encode(encoding))
    assert read_points_csv(tmp_path / "a.csv").shape == (4, 2)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8", b"\x00" * 500, b'"' + b"1" * 200_000, bytes(range(256)) * 4])
def test_points_that_are_no_text(folder, content):
    (folder / "a.csv").write_bytes(content)
    with pytest.raises(ReadError, match=r"a\.csv"):
        read_landmark_folder(folder)


def test_an_image_that_promises_more_than_it_holds(folder):
    whole = (folder / "a.npy").read_bytes()
    (folder / "a.npy").write_bytes(whole.replace(b"(40, 80)", b"(99999999, 99999)".ljust(8))[: len(whole)])
    with pytest.raises(ReadError, match=r"a\.npy: not a readable NumPy array"):
        read_landmark_folder(folder)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_pictures_are_read(folder, suffix):
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16
    Image.fromarray(pixels).save(folder / f"deep.{suffix}")
    Image.fromarray((pixels // 256).astype(np.uint8)).convert("RGB").save(folder / "flat.png")
    for name in ("deep", "flat"):
        (folder / f"{name}.csv").write_text("\n".join(ROWS))
    read = read_landmark_folder(folder, size=(64, 64))
    torch.testing.assert_close(read.images[1, 0], torch.from_numpy(pixels.astype(np.float32) / 65535))
    torch.testing.assert_close(read.images[2, 0], read.images[1, 0], atol=0.01, rtol=0)


def test_images_without_points_are_left_out_and_none_is_an_error(folder):
    np.save(folder / "b.npy", np.zeros((8, 8)))
    assert len(read_landmark_folder(folder)) == 1
    (folder / "a.csv").unlink()
    with pytest.raises(ReadError, match=r"no image .* has a CSV file"):
        read_landmark_folder(folder)
    with pytest.raises(FileNotFoundError):
        read_landmark_folder(folder / "nowhere")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["1,2,3,4", "1,2,three,4"], "row 2 must begin x1,y1,x2,y2, got '1,2,three,4'"),
        (["1,2,3", "1,2,3"], "row 1 must begin"),
        (["1O,5,30,5", "10,20,30,21"], "row 1 must begin x1,y1,x2,y2, got '1O,5,30,5'"),
        (["1,2,3,4", "1_0,2,3,4"], "row 2 must begin"),
        (["1,2,3,4"], "1 rows of points; a vertebra takes two"),
    ],
)
def test_points_that_cannot_be_read_name_file_and_row(folder, rows, message):
    (folder / "a.csv").write_text("\n".join(rows))
    with pytest.raises(ReadError, match=message) as error:
        read_landmark_folder(folder)
    assert "a.csv" in str(error.value)


def test_all_images_have_the_same_rows(folder):
    write(folder, "b", np.zeros((8, 8)), [*ROWS, "1,2,3,4"])
    with pytest.raises(ReadError, match=r"b.csv: 3 rows, but a.csv has 2"):
        read_landmark_folder(folder)


@pytest.mark.parametrize("image", [np.zeros((4, 4, 3)), np.zeros((0, 4)), np.array([["a"]])])
def test_what_is_no_grey_image_is_named(folder, image):
    np.save(folder / "a.npy", image)
    with pytest.raises(ReadError, match=r"a.npy: must be a grey image"):
        read_landmark_folder(folder)


def test_a_file_that_is_no_image_is_named(folder):
    (folder / "b.png").write_bytes(b"no picture")
    (folder / "b.csv").write_text("\n".join(ROWS))
    with pytest.raises(ReadError, match=r"b.png: cannot be read"):
        read_landmark_folder(folder)
    (folder / "b.png").unlink()
    (folder / "a.npy").write_bytes(b"nothing")
    with pytest.raises(ReadError, match=r"a.npy: not a readable NumPy array"):
        read_landmark_folder(folder)


def test_spacing_is_positive(folder):
    with pytest.raises(ValueError, match="spacing must be a positive number"):
        read_landmark_folder(folder, spacing=0.0)


@pytest.mark.parametrize("landmarks", [2, 7])
def test_only_whole_spines_have_a_skeleton(landmarks):
    with pytest.raises(ValueError, match=r"landmarks must be (an even number|at least 4)"):
        skeleton_of(landmarks)
