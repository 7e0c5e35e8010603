"""What docs/project/numerical-limits.md says, measured at both ends of every range.

The true value is that in float64 of the very same numbers at size 1, a change of unit being by a power of 2, which
rounds nothing.
"""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from losses.laws.row import Argument, Row
from losses.laws.table import ROWS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "project" / "numerical-limits.md"
STATED = {
    row[0].strip("| `"): [each.strip(" |") for each in row[1:]]
    for row in (line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines())
    if row[0].startswith("| `")
}
DOUBLE_ERROR = 1e-12
OFFSETS = (2.0**10, 2.0**16)


def relative_error(row: Row, dtype: torch.dtype, *, power: int = 0, offset: float = 0.0) -> float:
    """Error of the value at 2^power times the size, moved by an offset in sizes."""

    def rounded(each: Argument) -> Tensor:
        if not each.is_float:
            return each.values
        step = offset * 2.0**-20  # of what the sum does not round
        values = (each.values / step).round() * step if offset and each.kind == "point" else each.values
        return values.to(dtype).double()

    def moved(each: Argument) -> Tensor:
        shift = offset if each.kind == "point" else 0.0
        return ((each.values + shift) * 2.0 ** (power * each.power)).to(dtype) if each.is_float else each.values

    near = Row(**{**vars(row), "arguments": row.changed(rounded)})
    lengths = {name: row.options[name] * 2.0 ** (power * degree) for name, degree in row.lengths.items()}
    value = row(near.changed(moved), **lengths).item()
    return abs(value / math.ldexp(near().item(), int(power * row.degree)) - 1)


def ends(sizes: str) -> list[int]:
    """Powers of 2 at both ends of a range, inside it."""
    low, high = (math.log2(float(each)) for each in sizes.split(" to "))
    return [math.ceil(low), math.floor(high)]


@pytest.mark.parametrize("name", STATED)
def test_the_stated_range_has_the_stated_error(name: str) -> None:
    row, (single, error, far, double, _) = ROWS[name], STATED[name]
    for power in (*ends(single), 0):
        assert relative_error(row, torch.float32, power=power) <= float(error)
    for power in (*ends(double), 0):
        assert relative_error(row, torch.float64, power=power) <= DOUBLE_ERROR
    for offset in OFFSETS:
        assert relative_error(row, torch.float32, offset=offset) <= float(far)
        assert relative_error(row, torch.float64, offset=offset) <= DOUBLE_ERROR


@pytest.mark.parametrize("name", STATED)
def test_beyond_it_the_loss_does_what_is_stated(name: str) -> None:
    row, beyond = ROWS[name], STATED[name][-1]
    huge = row.changed(lambda each: (each.values * 1e20).float() if each.power else each.values)
    options = {option: min(row.options[option] * 1e20**degree, 1e38) for option, degree in row.lengths.items()}
    if beyond == "refused":
        with pytest.raises(ValueError, match=f"{name.partition(',')[0]}|closest_triangles"):
            row(huge, **options)
    else:
        assert beyond == "infinite"
        assert row(huge, **options) == math.inf
