import pytest

from diffshape.report.fit_report.origin import command_of, environment_table, reproduction_of
from page_reader import PageReader


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["/usr/bin/diffshape", "fit", "a b.ply"], "diffshape fit 'a b.ply'"),
        (["/x/diffshape/cli/main.py", "demo"], "diffshape demo"),
        (["/x/diffshape/__main__.py", "demo"], "diffshape demo"),
        (["/home/me/my_fit.py"], "python my_fit.py"),
        ([], "(not known)"),
    ],
)
def test_a_command_reads_as_it_was_typed(words, command):
    assert command_of({"command": words}) == command


def test_versions_are_those_of_the_run():
    environment = {"diffshape": "1.2", "packages": {"torch": "2.4", "igl": "missing"}, "python": "3.10", "gpu": None}
    text = "".join(PageReader(reproduction_of(environment)).texts["pre"])
    assert "diffshape==1.2 torch==2.4" in text
    assert "igl" not in text
    assert PageReader(environment_table(environment)).texts["th"] == ["Python", "diffshape", "torch", "igl"]
