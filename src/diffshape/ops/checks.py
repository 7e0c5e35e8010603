"""Checks of what no signature says of tensors: numbers that are finite and not too large, masks that fit."""

import math
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec

import torch
from torch import Tensor

from diffshape.ops import operators
from diffshape.ops.transforms import is_unobserved

Arguments = ParamSpec("Arguments")


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
    low, high = map(float, torch.aminmax(points.detach()))
    largest = max(high, -low)
    if not (-math.inf < low and high < math.inf):
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


def kept_when_compiled(check: Callable[Arguments, None]) -> Callable[Arguments, Tensor]:
    """Decorate a check of the numbers in a tensor, so that compiled code makes it too.

    The decorated function is called with positional arguments. It returns the first of its tensors, differentiable,
    once ``check`` has not raised. Code goes on with what is returned: a compiler drops an operator whose result nobody
    uses, so the check becomes an operator that returns 1, by which compiled code multiplies.

    Args:
        check: Raises a ValueError or returns nothing. Its parameters are annotated with types that an operator can
            have; its name is that of the operator.

    >>> @kept_when_compiled
    ... def check_even(function: str, numbers: Tensor) -> None:
    ...     if (numbers % 2).any():
    ...         raise ValueError(f"{function}: numbers must be even, got {numbers.tolist()}")
    >>> check_even("half", torch.tensor([2, 4]))
    tensor([2, 4])
    """
    first = [each.annotation for each in signature(check).parameters.values()].index(Tensor)

    def one_if_it_passes(*arguments: Any) -> Tensor:
        check(*arguments)  # pyright: ignore[reportCallIssue]
        return arguments[first].new_ones(())

    one_if_it_passes.__signature__ = signature(check).replace(return_annotation=Tensor)  # type: ignore[attr-defined]
    operator = operators.operator(check.__name__)(one_if_it_passes)
    torch.library.register_fake(operator, lambda *arguments: arguments[first].new_empty(()))

    @wraps(check)
    def run(*arguments: Any) -> Tensor:
        if is_unobserved(arguments[first]):
            check(*arguments)  # pyright: ignore[reportCallIssue]
            return arguments[first]
        one = operator(*(each.detach() if isinstance(each, Tensor) else each for each in arguments))
        return arguments[first] * one if torch.compiler.is_compiling() else arguments[first]

    return run  # pyright: ignore[reportReturnType]


@kept_when_compiled
def check_finite(function: str, name: str, values: Tensor, limit: float) -> None:
    """`require_finite`, in compiled code too."""
    require_finite(function, name, values, limit)


def finite(function: str, name: str, values: Tensor, limit: float = math.inf) -> Tensor:
    """The values, which `require_finite` has passed, in compiled code too; differentiable."""
    return check_finite(function, name, values, limit)
