import numpy as np
import pytest

TINY = [
    "--steps",
    "5",
    "--resolution",
    "48",
    "--method.mesh-resolution",
    "32",
    "--method.batch",
    "256",
    "--method.refine",
]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Default outputs land in a folder of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def tiny() -> list[str]:
    """Flags of a fit that takes a second."""
    return TINY


@pytest.fixture(scope="session")
def ball():
    """Makes points of a ball."""
    return ball_points


def ball_points(count: int = 1500, seed: int = 0) -> np.ndarray:
    """Points of a sphere of radius 2 around (5, 0, 0)."""
    directions = np.random.default_rng(seed).normal(size=(count, 3))
    return 2 * directions / np.linalg.norm(directions, axis=1, keepdims=True) + [5, 0, 0]


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "ball.npy"
    np.save(path, ball_points())
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished fit of the ball."""
    from diffshape.cli.main import main

    folder = tmp_path_factory.mktemp("finished")
    np.save(folder / "ball.npy", ball_points())
    assert main(["fit", str(folder / "ball.npy"), "--out", str(folder / "run"), *TINY, "--quiet"]) == 0
    return folder / "run"
