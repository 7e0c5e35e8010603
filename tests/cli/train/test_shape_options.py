from pathlib import Path

import pytest

from diffshape.cli.errors import UsageError
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.data import draw_shapes
from diffshape.models import DrawnFamily, ShapeFiles


def test_without_a_folder_a_family_is_drawn():
    typed = frozenset({"family", "shapes"})
    source = shape_source(ShapeOptions(family="car", shapes=9, typed=typed))
    assert source == DrawnFamily(family="car", shapes=9)
    assert source_name(source) == "car"


def test_a_folder_or_a_file_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("chairs").mkdir()
    Path("train.lst").write_text("")
    options = {"holdout": 0.5, "cache": Path("kept")}
    source = shape_source(ShapeOptions(folder=Path("chairs"), **options, typed=frozenset(options)))
    assert source == ShapeFiles(folder=str(tmp_path / "chairs"), holdout=0.5, cache=str(tmp_path / "kept"))
    assert source_name(source) == "chairs"
    assert source_name(shape_source(ShapeOptions(folder=Path("train.lst")))) == "train"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"holdout": 0.3}, "--holdout has no effect where no FOLDER of shapes is given"),
        ({"image_size": 64}, "--image-size has no effect where no FOLDER"),
        ({"points": 64}, "--points has no effect where no FOLDER"),
        ({"resolution": 0, "folder": Path(".")}, "--resolution must be at least 1, got 0"),
        ({"image_size": 0, "folder": Path(".")}, "--image-size must be at least 1, got 0"),
        ({"cache": Path("kept")}, "--cache has no effect where no FOLDER"),
        ({"layout": "voxels"}, "--layout has no effect where no FOLDER"),
        ({"family": "car", "folder": Path(".")}, "--family has no effect where a FOLDER of shapes is given"),
        ({"test_shapes": 3, "folder": Path(".")}, "--test-shapes has no effect where a FOLDER"),
        ({"folder": Path("nowhere")}, "nowhere: there is no such folder of shapes"),
        ({"shapes": 0}, "--shapes must be at least 1, got 0"),
        ({"holdout": 2.0, "folder": Path(".")}, "--holdout must be a share between 0 and 1"),
        ({"seed": -1}, "--seed must be at least 0"),
    ],
)
def test_what_has_no_effect_or_is_wrong_is_refused(options, text):
    with pytest.raises(UsageError, match=text):
        shape_source(ShapeOptions(**options, typed=frozenset(options)))


def test_a_resumed_training_takes_no_shapes():
    assert shape_source(ShapeOptions(resume=Path("run"))) is None
    with pytest.raises(UsageError, match="leave out FOLDER"):
        shape_source(ShapeOptions(resume=Path("run"), folder=Path(".")))


def test_both_kinds_of_shapes_are_counted():
    shapes = draw_shapes("table", 3, points=1, volume_points=None, near_points=None)
    assert shape_counts(shapes[:2], shapes[2:]) == "2 shapes to learn from, 1 to be tested on"
