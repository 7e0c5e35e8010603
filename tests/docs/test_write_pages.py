import re

import pytest

from doc_pages import ROOT, text_of
from docs.api import write_pages

FROZEN = text_of(ROOT / "tests" / "public_names.txt").split()


@pytest.mark.parametrize("name", write_pages.pages())
def test_a_page_is_written_anew_after_a_change(name):
    assert text_of(write_pages.FOLDER / name) == write_pages.pages()[name], "python docs/api/write_pages.py"


def test_every_public_name_has_its_place():
    pages = [text_of(write_pages.FOLDER / f"{package}.md") for package in write_pages.public_packages()]
    written = [name for page in pages for name in re.findall(r'<a id="(diffshape\.[^"]+)"', page)]
    packages = [f"diffshape.{package}" for package in write_pages.public_packages()]
    assert sorted(written + packages) == sorted(FROZEN)


@pytest.mark.parametrize(
    ("package", "home", "group"),
    [
        ("losses", "diffshape.losses.terms", ""),
        ("losses", "diffshape.losses.points.chamfer", "Points"),
        ("losses", "diffshape.ops.landmarks.skeleton", ""),
        ("models", "diffshape.models.deep_sdf.config", "DeepSDF"),
        ("ops", "diffshape.ops.level_sets.isosurface", "Level sets"),
    ],
)
def test_a_name_is_grouped_by_its_folder(package, home, group):
    assert write_pages.group(package, home) == group
