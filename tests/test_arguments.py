from pathlib import Path

import pytest

from diffshape._arguments import check_folder, check_kind, check_observers


class Own:
    pass


@pytest.mark.parametrize("value", [1, "one", None])
def test_what_is_wanted_passes(value):
    check_kind("f: x", value, int, str, None)


@pytest.mark.parametrize(
    ("value", "shown"), [("diffcd", "'diffcd'"), (None, "None"), (1.5, "1.5"), (Own, "type"), ("x" * 100, "str")]
)
def test_what_is_not_is_named_shortly(value, shown):
    with pytest.raises(ValueError, match=f"^f: x must be Own or int, got {shown}; look there$"):
        check_kind("f: x", value, Own, int, hint="look there")


@pytest.mark.parametrize("folder", ["run", Path("run"), None])
def test_folders(folder):
    check_folder("f: folder", folder)


def test_a_number_is_no_folder():
    with pytest.raises(ValueError, match="f: folder must be str, PathLike or None, got 3"):
        check_folder("f: folder", 3)


@pytest.mark.parametrize("observers", [print, [print, 3], None, {"a": print}])
def test_observers_are_a_list_of_functions(observers):
    with pytest.raises(ValueError, match="f: observers must be a list of functions"):
        check_observers("f: observers", observers)


def test_observers_that_are():
    check_observers("f: observers", [print])
    check_observers("f: observers", ())
