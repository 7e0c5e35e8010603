import pytest

from diffshape.cli.main import main, parse


@pytest.mark.parametrize(
    "words", [["fly"], ["fit", "a.ply", "--steps", "many"], ["mesh"], ["fit", "a.ply", "--stepps", "3"]]
)
def test_usage_is_2(words, capsys):
    assert main(words) == 2
    assert capsys.readouterr().err


def test_flags_override_the_preset():
    arguments = parse(["fit", "a.ply", "--preset", "paper", "--method.eikonal-weight", "0.7"])[1]
    assert arguments.method.eikonal_weight == 0.7
    assert arguments.method.pulls == 4  # the preset's
    assert arguments.field.width == 256  # an MLP


def test_a_setting_out_of_range_is_usage(capsys):
    assert main(["fit", "a.ply", "--method.eikonal-weight", "-1"]) == 2
    assert "--method.eikonal-weight must be a number of 0 or more, got -1" in capsys.readouterr().err


def test_info(capsys):
    assert main(["info"]) == 0
    assert "torch" in capsys.readouterr().out


def test_a_traceback_only_with_debug(capsys):
    assert main(["fit", "none.ply"]) == 1
    assert capsys.readouterr().err.splitlines() == ["diffshape: none.ply: no such file or directory"]
    assert main(["fit", "none.ply", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
