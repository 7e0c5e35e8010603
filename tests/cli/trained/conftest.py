import pytest

from diffshape.cli.main import main

NETWORK = ["--model.network.hidden-layers", "2", "--model.network.width", "32", "--model.network.latent", "4"]
SMALL = [*NETWORK, "--model.network.skip", "1", "--model.points", "64", "--model.samples", "1000", "--model.lr", "0.01"]


@pytest.fixture(scope="session")
def family(tmp_path_factory):
    """A finished training of three ellipsoids."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    words = ["--family", "ellipsoid", "--shapes", "3", "--test-shapes", "1", "--steps", "60", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        assert main(["train", "deep-sdf", *SMALL, *words, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few steps to find a code, and coarse surfaces."""
    hurry(monkeypatch)


def hurry(patch):
    from diffshape.data import icosphere
    from diffshape.models import DeepSDF

    infer, mesh = DeepSDF.infer, DeepSDF.mesh

    def coarse(self, code, resolution=24):
        found = mesh(self, code, 24)
        return found if len(found.faces) else icosphere(1)  # so short a training may leave a code without a surface

    patch.setattr(DeepSDF, "infer", lambda self, *seen, steps=30, **options: infer(self, *seen, steps=30, **options))
    patch.setattr(DeepSDF, "mesh", coarse)


@pytest.fixture
def detector(tmp_path):
    """A saved model that makes no shapes."""
    from diffshape.losses import Skeleton
    from diffshape.models import LandmarkDetector, LandmarkUNetConfig

    LandmarkDetector(Skeleton.lateral(), LandmarkUNetConfig(widths=(8, 8, 8))).save(tmp_path / "detector")
    return tmp_path / "detector"
