import pytest

from diffshape.fitting import OrientationConfig, ScanConfig


@pytest.mark.parametrize(
    "options",
    [
        {"directions": 0},
        {"rounds": -1},
        {"resolution": 3},
        {"cell": 0.0},
        {"slack": 0.0},
        {"smoothing": (0.01, 0.0)},
        {"side": 0.9},
    ],
)
def test_an_orientation_setting_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match="OrientationConfig: need"):
        OrientationConfig(**options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (OrientationConfig, {"directions": 0}, "directions >= 1"),
        (OrientationConfig, {"rounds": -1}, "rounds >= 0"),
        (OrientationConfig, {"smoothing": (0.01, 0.0)}, "smoothing > 0"),
        (OrientationConfig, {"side": 0.5}, "side >= 1"),
        (ScanConfig, {"curvature_size": 0}, "curvature_size >= 1"),
        (ScanConfig, {"agreement": 1.0}, "agreement in"),
    ],
)
def test_bad_scan_settings_are_named(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options)
