import pytest
from PIL import Image

from diffshape.cli.main import main
from diffshape.data import icosphere, write_mesh
from diffshape.report.pictures.palettes import BAR_WIDTH


@pytest.fixture
def ball(tmp_path):
    write_mesh(tmp_path / "ball.ply", *icosphere(2))
    return str(tmp_path / "ball.ply")


def test_a_mesh_becomes_a_picture_and_errors_have_a_bar(ball, tmp_path, capsys):
    assert main(["view", ball, "--picture", str(tmp_path / "a.png")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'a.png'}: ")
    assert Image.open(tmp_path / "a.png").size == (640, 640)
    assert main(["view", ball, "--picture", str(tmp_path / "b.png"), "--truth", ball]) == 0
    assert Image.open(tmp_path / "b.png").size == (640 + BAR_WIDTH, 640)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["BALL", "--picture", "a.jpg"], "--picture must end in .png, .gif or .mp4, got 'a.jpg'"),
        (["BALL", "RUN", "--picture", "a.png"], "--picture shows one run, or files"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(ball, finished, capsys, words, sentence):
    places = {"BALL": ball, "RUN": str(finished)}
    assert main(["view", *[places.get(word, word) for word in words]]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
