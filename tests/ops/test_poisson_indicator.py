"""The Poisson indicator: steps, gradients and volumes of known solids."""

import math

import pytest
import torch

from diffshape.ops.poisson_indicator import PoissonIndicator
from diffshape.ops.visibility import fibonacci_directions

N = 6000


def ball(radius: float = 0.4, **options) -> PoissonIndicator:
    directions = fibonacci_directions(N)
    return PoissonIndicator(
        radius * directions, directions * (4 * math.pi * radius**2 / N), **{"resolution": 64, **options}
    )


def test_step_at_the_surface_is_one():
    indicator = ball()
    inner, outer = 0.3 * fibonacci_directions(50), 0.5 * fibonacci_directions(50)
    step = indicator.value(inner) - indicator.value(outer)
    torch.testing.assert_close(step, torch.ones(50, dtype=torch.float64), atol=0.01, rtol=0)
    assert indicator.inside(inner).all()
    assert not indicator.inside(outer).any()


BLUR = math.hypot(0.1, 2 / 64 / math.sqrt(3))
"""Of ``smoothing=0.1``: spreading and reading by trilinear weights each add a variance of a sixth of a squared cell."""


def test_level_is_the_blurred_value_at_the_surface():
    indicator = ball(smoothing=0.1)
    middle = indicator.value(torch.zeros(1, 3, dtype=torch.float64)).item()
    assert middle - indicator.level == pytest.approx(0.5 + BLUR / 0.4 / math.sqrt(2 * math.pi), abs=0.015)


def test_volume():
    assert ball().volume == pytest.approx(4 / 3 * math.pi * 0.4**3, rel=0.03)


def test_gradient_points_inward_and_is_that_of_the_values():
    indicator = ball(smoothing=0.05)
    directions = fibonacci_directions(100)
    gradient = indicator.gradient(0.4 * directions)
    assert (torch.nn.functional.normalize(gradient, dim=1) * directions).sum(1).max() < -0.999
    step = 0.02  # values are linear between nodes: compare over a distance, with what linear reading allows
    slope = (indicator.value((0.4 + step) * directions) - indicator.value((0.4 - step) * directions)) / (2 * step)
    torch.testing.assert_close(slope, (gradient * directions).sum(1), rtol=0.1, atol=0.1)


def test_gradient_height_is_that_of_the_gaussian():
    """Across a plane a step blurred by s has slope 1 / (sqrt(2 pi) s); a ball of radius R has s^2 / R^2 less."""
    height = ball(smoothing=0.1).gradient(0.4 * fibonacci_directions(50)).norm(dim=1).mean()
    assert height.item() == pytest.approx((1 - (BLUR / 0.4) ** 2) / math.sqrt(2 * math.pi) / BLUR, rel=0.01)


def test_linear_in_the_area_vectors():
    points = 0.4 * fibonacci_directions(200)
    x = 0.7 * torch.rand(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    one, other, both = (
        PoissonIndicator(points, vectors, resolution=32).value(x)
        for vectors in (points, points.roll(1, 0), 2 * points - points.roll(1, 0))
    )
    torch.testing.assert_close(both, 2 * one - other)


def test_mirrored_points_mirror_the_values():
    points = 0.4 * torch.rand(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    vectors = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    mirror = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    plain, mirrored = (PoissonIndicator(points * m, vectors * m, resolution=32) for m in (1, mirror))
    torch.testing.assert_close(mirrored.value(points * mirror), plain.value(points))
    torch.testing.assert_close(mirrored.gradient(points * mirror), plain.gradient(points) * mirror)


def test_outside_the_cube_reads_as_its_boundary():
    indicator = ball(resolution=16)
    far = torch.tensor([[3.0, 0.2, -0.1]], dtype=torch.float64)
    assert torch.equal(indicator.value(far), indicator.value(torch.tensor([[1.0, 0.2, -0.1]], dtype=torch.float64)))


def test_dtype_follows_and_no_points_give_zero():
    directions = fibonacci_directions(500)
    narrow = PoissonIndicator((0.4 * directions).float(), directions.float() / 500, resolution=16)
    wide = PoissonIndicator(0.4 * directions, directions / 500, resolution=16)
    x = 0.5 * directions[:20]
    assert narrow.value(x.float()).dtype == torch.float32
    torch.testing.assert_close(narrow.value(x.float()).double(), wide.value(x), atol=1e-6, rtol=1e-4)
    empty = PoissonIndicator(torch.zeros(0, 3), torch.zeros(0, 3), resolution=16)
    assert empty.value(torch.zeros(2, 3)).tolist() == [0.0, 0.0]
    assert empty.level == 0.0
    assert empty.volume == 0.0


@pytest.mark.parametrize(
    ("points", "vectors", "options", "message"),
    [
        (torch.zeros(4, 3), torch.zeros(3, 3), {}, r"one shape \(N, 3\), got \(4, 3\) and \(3, 3\)"),
        (torch.zeros(4, 2), torch.zeros(4, 2), {}, "one shape"),
        (torch.full((1, 3), 1.5), torch.zeros(1, 3), {}, "inside"),
        (torch.full((1, 3), math.nan), torch.zeros(1, 3), {}, "finite"),
        (torch.zeros(1, 3), torch.zeros(1, 3), {"resolution": 2}, "resolution >= 4"),
        (torch.zeros(1, 3), torch.zeros(1, 3), {"side": 0.0}, "side > 0"),
        (torch.zeros(1, 3), torch.zeros(1, 3), {"smoothing": -1.0}, "smoothing >= 0"),
    ],
)
def test_bad_arguments_are_named(points, vectors, options, message):
    with pytest.raises(ValueError, match=message):
        PoissonIndicator(points, vectors, **options)
