import pytest

from diffshape.models import PUBLISHED_MIXTURE, MixtureConfig


def test_the_published_mixture_has_32_gaussians():
    assert PUBLISHED_MIXTURE.components == 32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MixtureConfig(components=0), "components must be at least 1, got 0"),
        (lambda: MixtureConfig(ridge=0.0), "ridge must be positive, got 0.0"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()
