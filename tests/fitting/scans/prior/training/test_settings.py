import pytest

from diffshape.fitting import PriorConfig
from diffshape.fitting.scans.prior.training.settings import STEPS, DrawnScans, ScanPriorSettings


def test_settings_survive_a_file():
    settings = ScanPriorSettings(
        data=DrawnScans(scans=3, test_scans=2), config=PriorConfig(passes=2), steps=None, seconds=1.5, seed=4
    )
    assert ScanPriorSettings.from_dict(settings.to_dict()) == settings


def test_the_budget_is_one_of_two():
    assert ScanPriorSettings().steps == STEPS
    with pytest.raises(ValueError, match="give steps or seconds, one of them"):
        ScanPriorSettings(seconds=3.0)


@pytest.mark.parametrize("name", ["scans", "test_scans"])
def test_no_scan_is_too_few(name):
    with pytest.raises(ValueError, match=f"DrawnScans: {name} must be at least 1"):
        DrawnScans(**{name: 0})
