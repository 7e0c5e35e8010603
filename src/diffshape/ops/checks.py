"""What functions ask of the numbers in tensors, which no signature says: finite, not too large, a mask that fits."""

import math

import torch
from torch import Tensor


def widened(values: Tensor) -> Tensor:
    """Half precision as float32, float32 and float64 as they are.

    >>> widened(torch.ones(2).half()).dtype, widened(torch.ones(2).double()).dtype
    (torch.float32, torch.float64)
    """
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def coordinate_limit(dtype: torch.dtype, dimension: int, among: int = 1) -> float:
    """The largest coordinate with which ``among`` squared distances, of points to each other, add up to a number."""
    return math.sqrt(torch.finfo(dtype).max / (4 * max(dimension * among, 1)))


def require_finite(function: str, name: str, points: Tensor, limit: float = math.inf) -> None:
    """Refuse NaN and infinity, whose neighbours would be arbitrary, and coordinates beyond a limit.

    Read in one pass: NaN makes both ends NaN, which compare with nothing.
    """
    if not points.numel():
        return
    low, high = torch.aminmax(points.detach())
    largest = float(torch.maximum(high, -low))
    if not largest < math.inf:
        raise ValueError(f"{function}: {name} has non-finite coordinates; remove or mask those points first")
    if largest > limit:
        raise ValueError(
            f"{function}: {name} is too large, squared distances overflow {points.dtype} from about {limit:.1g} on; "
            f"give float64, or divide by a length first"
        )


def require_mask(function: str, name: str, mask: Tensor | None, points: Tensor) -> None:
    """Refuse a mask that is not boolean or does not have one entry a point."""
    if mask is not None and (mask.shape != points.shape[:-1] or mask.dtype != torch.bool):
        raise ValueError(
            f"{function}: {name} must be boolean with shape {tuple(points.shape[:-1])}, "
            f"got {mask.dtype} with shape {tuple(mask.shape)}"
        )


@torch.library.custom_op("diffshape::check_finite", mutates_args=())
def check_finite(function: str, name: str, values: Tensor, limit: float) -> Tensor:
    """1, to multiply by, if `require_finite` passes: the compiler sees one operator that must run."""
    require_finite(function, name, values, limit)
    return values.new_ones(())


@check_finite.register_fake
def _(function: str, name: str, values: Tensor, limit: float) -> Tensor:
    return values.new_empty(())


def finite(function: str, name: str, values: Tensor, limit: float = math.inf) -> Tensor:
    """The values, which `require_finite` has passed, in compiled code too; differentiable."""
    passed = check_finite(function, name, values.detach(), limit)
    return values * passed if torch.compiler.is_compiling() else values  # a compiler drops what nobody uses
