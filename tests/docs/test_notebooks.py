"""Outputs of notebooks are of the code that stands there, hold nothing of the machine, and are what the site shows."""

import re
from pathlib import Path

import nbformat
import pytest

from docs.notebooks import write_pages

OF_A_MACHINE = re.compile(r"(/home|/root|/tmp|/Users|[A-Z]:\\)|\d{4}-\d\d-\d\d|Warning|Traceback|\bat 0x")
"""Paths, dates, warnings, failures, addresses of objects."""
HERE = "make notebooks writes it anew"
BY_NAME = {path.stem: path for path in write_pages.NOTEBOOKS}


@pytest.fixture(params=BY_NAME)
def notebook(request):
    return write_pages.read(BY_NAME[request.param])


def test_outputs_are_of_the_code_that_stands_there(notebook):
    assert notebook.metadata["outputs_of"] == write_pages.digest(notebook), HERE
    cells = write_pages.code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(write_pages.printed(cell) for cell in cells)
    assert any(write_pages.pictures(cell) for cell in cells)


def test_outputs_hold_nothing_of_the_machine(notebook):
    for cell in write_pages.code_cells(notebook):
        assert set(cell.metadata) <= {"tags", "lines_to_next_cell"}
        assert all(output.get("name") == "stdout" or set(output.data) == {"image/png"} for output in cell.outputs)
        assert not OF_A_MACHINE.search(write_pages.printed(cell))


@pytest.mark.parametrize("name", BY_NAME)
def test_the_page_is_the_notebook(name):
    text, files = write_pages.page(write_pages.read(BY_NAME[name]), name)
    assert (write_pages.FOLDER / f"{name}.md").read_text(encoding="utf-8") == text, HERE
    found = {path.name: path.read_bytes() for path in write_pages.IMAGES.glob(f"{name}-*.png")}
    assert found == files, HERE


def test_every_page_and_picture_has_its_notebook():
    assert {path.stem for path in write_pages.FOLDER.glob("*.md")} == set(BY_NAME)
    assert {path.stem.rsplit("-", 1)[0] for path in write_pages.IMAGES.iterdir()} <= set(BY_NAME)


def made(*sources: str):
    """A notebook of some code cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_what_is_printed_and_shown_is_kept(tmp_path):
    shown = "from PIL import Image; Image.new('RGB', (9, 5))"
    notebook = made("import sys; print('one'); print('a notice', file=sys.stderr); print('two')", shown)
    write_pages.run(notebook, tmp_path)
    first, second = notebook.cells
    assert [output.text for output in first.outputs] == ["one\ntwo\n"]
    (picture,) = write_pages.pictures(second)
    assert picture.startswith(b"\x89PNG")
    text, files = write_pages.page(notebook, "small")
    assert text.split("\n\n")[-1] == "![small](images/small-1.png)\n"
    assert files == {"small-1.png": picture}
    assert notebook.metadata["outputs_of"] == write_pages.digest(notebook)
    first.source += "  # later"
    assert notebook.metadata["outputs_of"] != write_pages.digest(notebook)


@pytest.mark.parametrize(
    ("source", "said"),
    [("import warnings; warnings.warn('careful')", "cell 1 warns: .*careful"), ("3 + 4", "cell 1 shows what is")],
)
def test_warnings_and_what_no_page_can_show_are_refused(source, said, tmp_path):
    with pytest.raises(ValueError, match=re.compile(said, re.S)):
        write_pages.run(made(source), tmp_path)


def test_it_runs_in_the_folder_it_is_given(tmp_path):
    write_pages.run(made("open('made', 'w').close()"), tmp_path)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["made"]
