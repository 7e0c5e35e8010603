import pytest

from diffshape.fitting import OrientationConfig, ScanConfig


@pytest.mark.parametrize(
    "options",
    [
        {"directions": -1},
        {"rounds": -1},
        {"widths": (1.0, 0.0)},
    ],
)
def test_an_orientation_setting_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match="OrientationConfig: need"):
        OrientationConfig(**options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (OrientationConfig, {"directions": -1}, "directions and rounds >= 0"),
        (OrientationConfig, {"widths": (0.0, 1.0)}, "widths > 0"),
        (ScanConfig, {"curvature_size": 0}, "curvature_size >= 1"),
        (ScanConfig, {"agreement": 1.0}, "agreement in"),
        (ScanConfig, {"passes": 5}, "passes must be 0 to 4, got 5"),
        (ScanConfig, {"passes": -1}, "passes must be 0 to 4, got -1"),
        (ScanConfig, {"cell": 0.0}, "cell > 0"),
        (ScanConfig, {"cell": float("inf")}, "cell must be finite"),
    ],
)
def test_bad_scan_settings_are_named(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options)
