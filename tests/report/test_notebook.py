"""Results as pictures, once ``diffshape.report`` is there to draw them."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from diffshape import _pictures
from diffshape.data import Mesh, icosphere, shape_family
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
    _pictures.paint(Shape, lambda shape: PNG)
    assert Shape()._repr_png_() == PNG


def test_results_do_not_load_what_draws_them():
    program = """
import sys, diffshape
print(diffshape.data.shape_family("box", 1)._repr_png_(), "diffshape.report" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=SOURCE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]
