import pytest

from diffshape.fitting import StopRule


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"error": 0.0},
        {"error": float("nan")},
        {"patience": 0},
        {"error": 1.0, "every": 0},
        {"error": 1.0, "points": 0},
    ],
)
def test_wants_a_reason_to_stop_and_positive_numbers(options):
    with pytest.raises(ValueError, match="StopRule: "):
        StopRule(**options)
