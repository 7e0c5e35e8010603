import pytest

from diffshape.fitting import Supervised


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "need batch >= 1"),
        ({"pool": 0}, "need batch >= 1, pool >= 1"),
        ({"fresh": -1}, "fresh >= 0"),
        ({"pool": 10, "fresh": 11}, "fresh is at most the pool"),
        ({"near": 0.7, "surface": 0.5}, "shares of at most 1 together"),
        ({"near": -0.1}, "shares"),
        ({"sigma": 0.0}, "sigma must be positive"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"final": 0.0}, "final is a share"),
        ({"loss": "l7"}, "loss must be one of"),
        ({"perturbation": "cauchy"}, "perturbation must be one of"),
        ({"normalization": "volume"}, "normalization must be one of"),
    ],
)
def test_a_setting_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=f"Supervised: .*{message}"):
        Supervised(**options)
