import subprocess
import sys

import pytest

from diffshape._config import from_plain, to_plain
from diffshape.models import DrawnFamily, ShapeFiles


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="DrawnFamily: shapes must be at least 1, got 0"):
        DrawnFamily(shapes=0)
    with pytest.raises(ValueError, match="DrawnFamily: test_shapes must be at least 1, got -1"):
        DrawnFamily(test_shapes=-1)
    with pytest.raises(ValueError, match="family must be one of chair, table"):
        DrawnFamily(family="sofa")
    with pytest.raises(ValueError, match="ShapeFiles: holdout must be a share between 0 and 1, got 1"):
        ShapeFiles(folder="shapes", holdout=1.0)
    with pytest.raises(ValueError, match="layout must be one of auto, "):
        ShapeFiles(folder="shapes", layout="zip")


@pytest.mark.parametrize("source", [DrawnFamily(family="lamp", shapes=3), ShapeFiles(folder="f", layout="voxels")])
def test_they_come_back_from_plain_values(source):
    assert from_plain(type(source), to_plain(source, {}), {}) == source


def test_settings_and_options_need_no_torch():
    modules = "diffshape.models.shape_sources, diffshape.cli.train.shape_options"
    code = f"import sys; import {modules}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
