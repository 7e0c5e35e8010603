"""Results as pictures, once ``diffshape.report`` is there to draw them."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from diffshape import _pictures
from diffshape.data import Mesh, ShapeFamily, icosphere, shape_family
from diffshape.fitting import FitResult
from diffshape.models import DeepSDF
from diffshape.report import notebook

SOURCE = Path(_pictures.__file__).resolve().parents[1]
PNG = b"\x89PNG\r\n\x1a\n"
NOTHING = Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int64))


def test_a_drawn_family_shows_its_shapes():
    assert shape_family("torus", 2)._repr_png_().startswith(PNG)


@pytest.mark.parametrize(("mesh", "is_shown"), [(icosphere(1), True), (NOTHING, False)])
def test_a_fit_shows_its_surface(mesh, is_shown):
    picture = notebook.fit_picture(SimpleNamespace(mesh=lambda resolution: mesh))
    assert picture.startswith(PNG) if is_shown else picture is None


def test_whoever_may_be_painted_is_or_is_text(monkeypatch):
    class Shape:
        _repr_png_ = _pictures.picture_of

    monkeypatch.setattr(_pictures, "_PAINTERS", {})
    assert Shape()._repr_png_() is None
    _pictures.paint(f"{Shape.__module__}.{Shape.__qualname__}", lambda shape: PNG)
    assert Shape()._repr_png_() == PNG


@pytest.mark.parametrize("kind", [DeepSDF, FitResult, ShapeFamily])
def test_painters_name_the_classes_that_they_paint(kind):
    assert f"{kind.__module__}.{kind.__qualname__}" in _pictures._PAINTERS
    assert kind._repr_png_ is _pictures.picture_of


def test_reports_of_fits_load_no_models():
    program = """
import sys, diffshape.report.fit_report.report, diffshape.batch.outputs
print([name for name in ("diffshape.models", "trimesh", "networkx") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=SOURCE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_results_do_not_load_what_draws_them():
    program = """
import sys, diffshape
print(diffshape.data.shape_family("box", 1)._repr_png_(), "diffshape.report" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=SOURCE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]
