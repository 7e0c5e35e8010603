import pytest

from diffshape.fitting.scans.prior.training import drawn_crops


@pytest.fixture(scope="module", autouse=True)
def small_scans():
    """Scans and surfaces of few points, which are drawn fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn_crops, "SCAN_POINTS", (600, 2000))
        patch.setattr(drawn_crops, "CROP_POINTS", 500)
        patch.setattr(drawn_crops, "TRUTH_POINTS", (8000, 8000))
        yield
