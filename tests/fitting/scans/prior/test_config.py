import pytest

from diffshape.fitting import PriorConfig


@pytest.mark.parametrize("wrong", [{"passes": 0}, {"neighbors": 1}, {"lr": 0.0}, {"lr": float("nan")}, {"batch": 0}])
def test_settings_out_of_range_are_named(wrong):
    with pytest.raises(ValueError, match=f"^PriorConfig: {next(iter(wrong))} must be"):
        PriorConfig(**wrong)
