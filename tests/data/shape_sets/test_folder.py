import pytest

from diffshape.data import ReadError
from diffshape.data.shape_sets.folder import files_of


@pytest.fixture
def folder(tmp_path):
    for name in ("b/2", "b/1", "a/x/3", ".git/4", "b/._1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def found(given):
    base, paths = files_of(given)
    return [path.relative_to(base).as_posix() for path in paths]


def test_all_files_but_hidden_ones_in_order(folder):
    assert found(folder) == ["a/x/3", "b/1", "b/2"]


def test_a_file_is_itself(folder):
    assert files_of(folder / "b" / "1") == (folder / "b" / "1", [folder / "b" / "1"])


def test_a_list_names_folders_each_once(folder):
    (folder / "test.lst").write_text("b\r\na/x\nb\n")
    assert found(folder / "test.lst") == ["b/1", "b/2", "a/x/3"]
    for content in ("", "a\nc\nd"):
        (folder / "test.lst").write_text(content)
        with pytest.raises(ReadError, match=r"test.lst: must name folders beside it; not there are (any|c, d)$"):
            files_of(folder / "test.lst")


def test_what_is_not_there(folder):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        files_of(folder / "c")
