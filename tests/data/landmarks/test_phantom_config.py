import pytest

from diffshape.data import SpinePhantomConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"view": "oblique"},
        {"height": 16},
        {"width": 0},
        {"body_height": (0.1, 0.09)},
        {"body_height": (0.0, 0.1)},
        {"rotation": 60.0},
        {"occluders": -1},
        {"missing": 4},
        {"slip": 1.5},
        {"noise": -0.1},
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=f"SpinePhantomConfig: {next(iter(wrong))} must be"):
        SpinePhantomConfig(**wrong)


def test_a_slip_needs_a_lateral_view():
    with pytest.raises(ValueError, match="slip must be 0 with view 'ap'"):
        SpinePhantomConfig(view="ap", slip=0.5)
