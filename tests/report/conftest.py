import numpy as np
import pytest

from diffshape.cli.main import main
from diffshape.data import icosphere, write_mesh

ODD_NAME = "<script>alert(1)<script>.npy"
"""Name of a scan that a page must not take for a tag."""
_TINY = ["--steps", "6", "--resolution", "40", "--method.mesh-resolution", "32", "--method.batch", "256"]


@pytest.fixture(scope="session")
def watched(tmp_path_factory):
    """The folder of a fit of a scan of an odd name, scored and meshed along the way."""
    folder = tmp_path_factory.mktemp("watched")
    ball = icosphere(4)
    np.save(folder / ODD_NAME, ball.vertices[::2])
    write_mesh(folder / "truth.ply", ball)
    along = ["--mesh-every", "3", "--eval-every", "3", "--method.refine", "--truth", str(folder / "truth.ply")]
    assert main(["fit", str(folder / ODD_NAME), "--out", str(folder / "run"), *_TINY, *along, "--quiet"]) == 0
    return folder / "run"
