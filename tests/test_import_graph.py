"""The reading of imports on which the rule against circles rests."""

import pytest

from import_graph import circles, import_graph

LAZY = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.shelf.book import Book\n"


def house(folder, **files):
    """A package with a sub-package ``shelf``; files by their name, ``shelf_`` in front for the inner ones."""
    contents = {"__init__.py": "", "shelf/__init__.py": ""}
    contents |= {name.replace("shelf_", "shelf/") + ".py": text for name, text in files.items() if name != "stub"}
    if "stub" in files:
        contents["shelf/__init__.pyi"] = files["stub"]
    for name, text in contents.items():
        path = folder / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "house"


@pytest.mark.parametrize(
    "importing",
    [
        "import house.shelf.book",
        "from house.shelf import book",
        "from house.shelf.book import Book as Own",
        LAZY,
        "def read():\n    from house.shelf.book import Book\n",
    ],
)
def test_circles_are_found_wherever_an_import_stands(tmp_path, importing):
    package = house(tmp_path, page=importing, shelf_book="from house.page import Page", other="import house.page")
    assert circles(import_graph(package)) == [["house.page", "house.shelf.book"]]


def test_a_circle_of_three_is_one(tmp_path):
    package = house(tmp_path, a="import house.b", b="import house.c, os", c="from house.a import x")
    assert circles(import_graph(package)) == [["house.a", "house.b", "house.c"]]


@pytest.mark.parametrize("place", ["stub", "shelf___init__"])
def test_a_listed_name_comes_from_its_file_and_inside_its_package_from_the_list(tmp_path, place):
    lists = {place: "from house.shelf.book import Book as Book"}
    package = house(tmp_path, shelf_book="", page="from house.shelf import Book", **lists)
    graph = import_graph(package)
    assert graph["house.page"] == {"house.shelf.book"}
    assert graph["house.shelf"] == {"house.shelf.book"}
    assert circles(graph) == []
    (package / "shelf" / "note.py").write_text("from house.shelf import Book")
    assert import_graph(package)["house.shelf.note"] == {"house.shelf", "house.shelf.book"}
    (package / "shelf" / "book.py").write_text("from house.shelf import Book")
    assert circles(import_graph(package)) == [["house.shelf", "house.shelf.book"]]
