import math

import pytest
import torch

from diffshape.metrics import uncertainty_calibration


def normal(count=200_000, seed=0):
    return torch.randn(count, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_values():
    error = torch.tensor([[0.5, 1.5], [2.0, 8.0]], dtype=torch.float64)
    variance = torch.tensor([[1.0, 1.0], [4.0, 4.0]], dtype=torch.float64)
    found = uncertainty_calibration(error, torch.zeros_like(error), variance.log(), bins=2)
    assert found.coverage == {1.0: 0.5, 2.0: 0.75, 3.0: 0.75}
    rms = math.sqrt((0.25 + 2.25) / 2), math.sqrt((4 + 64) / 2)
    assert found.normalized_error == pytest.approx((abs(1 - rms[0]) + abs(2 - rms[1]) / 2) / 2)
    assert found.sharpness == pytest.approx(math.sqrt(2.5))
    assert found.count == 4
    # central intervals hold 5 %, 10 %, ...: the four errors enter at erf(ratio / sqrt 2)
    enters = [math.erf(ratio / math.sqrt(2)) for ratio in (0.5, 1.5, 1.0, 4.0)]
    gaps = [abs(sum(enter <= level / 20 for enter in enters) / 4 - level / 20) for level in range(1, 21)]
    assert found.expected_calibration_error == pytest.approx(sum(gaps) / 20)


@pytest.mark.parametrize("scale", [0.01, 1.0, 300.0])
def test_true_deviations_are_calibrated_in_any_unit(scale):
    deviation = scale * (1 + normal(seed=1).abs())
    found = uncertainty_calibration(deviation * normal(), torch.zeros(200_000).double(), 2 * deviation.log())
    assert [found.coverage[k] for k in (1.0, 2.0, 3.0)] == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.005)
    assert found.expected_calibration_error < 0.005
    assert found.normalized_error < 0.02


def test_over_confidence_shows():
    error = normal()
    found = uncertainty_calibration(error, torch.zeros_like(error), torch.full_like(error, 2 * math.log(0.5)))
    assert found.coverage[1.0] == pytest.approx(0.383, abs=0.005)
    assert found.normalized_error == pytest.approx(1, abs=0.02)
    assert found.expected_calibration_error > 0.15


def test_masked_nan_and_nothing():
    error = torch.full((3, 2, 2), torch.nan, dtype=torch.float64)
    error[0] = 1
    mask = torch.zeros(3, 2, dtype=torch.bool)
    nothing = uncertainty_calibration(error, error, error, mask=mask)
    assert (nothing.coverage[1.0], nothing.sharpness, nothing.count) == (None, None, 0)
    mask[0] = True
    found = uncertainty_calibration(error, torch.zeros_like(error), torch.zeros_like(error), mask=mask)
    assert (found.coverage[1.0], found.sharpness, found.normalized_error, found.count) == (1, 1, 0, 4)


def test_wrong_arguments():
    zero = torch.zeros(4, 2)
    with pytest.raises(ValueError, match="uncertainty_calibration: log_variance must have shape"):
        uncertainty_calibration(zero, zero, zero[0])
    with pytest.raises(ValueError, match="bins must be 1 or more"):
        uncertainty_calibration(zero, zero, zero, bins=0)
