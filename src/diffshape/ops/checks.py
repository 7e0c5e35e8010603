"""What every public function asks of its arguments before it looks at their shapes, read from its own signature.

A parameter annotated ``Float[Tensor, ...]`` takes a dense tensor of real floating-point numbers that has data, ``Int``
one of integers, ``Bool`` (a mask, whose type is checked with its shape) and ``Shaped`` one of any real numbers. A
``Literal`` takes one of its words, ``float`` a number, ``int`` a whole one, ``bool`` True or False, a class one of its
instances. Whatever else is given is refused by one sentence that names the function and the argument, where PyTorch
would say which attribute is missing.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from functools import wraps
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

import torch
from jaxtyping import AbstractArray, Float, Int, Shaped
from torch import Tensor

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Rule = Callable[[Any], Exception | None]
"""None if a value will do, else the error whose text goes on from "function: argument must be "."""


def checked(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, refusing arguments that are not what its annotations say; shapes it checks by itself.

    Compiled code leaves the checks out.

    Raises:
        TypeError: An argument is no tensor, number, word or object of the kind that is wanted.
        ValueError: A tensor has other numbers than are wanted or no data, or a word is unknown.

    >>> @checked
    ... def halves(x: Float[Tensor, "*b"], *, times: int = 1) -> Float[Tensor, "*b"]:
    ...     return x / 2**times
    >>> halves([1.0, 2.0])
    Traceback (most recent call last):
    TypeError: halves: x must be a torch.Tensor, got list
    """
    title = function.__qualname__.removesuffix(".__init__").removesuffix(".forward")
    parameters = inspect.signature(function).parameters.values()
    rules = [(parameter.name, _rule(parameter.annotation)) for parameter in parameters]
    by_name = dict(rules)

    @wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if not torch.compiler.is_compiling():
            for (name, rule), value in zip(rules, args):
                if rule is not None and (wrong := rule(value)) is not None:
                    raise type(wrong)(f"{title}: {name} must be {wrong}")
            for name, value in kwargs.items():
                rule = by_name.get(name)
                if rule is not None and (wrong := rule(value)) is not None:
                    raise type(wrong)(f"{title}: {name} must be {wrong}")
        return function(*args, **kwargs)

    own: Any = call  # the compiler counts recompilations by code, so each function gets its own
    own.__code__ = own.__code__.replace(co_name=function.__name__)
    return call


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


def _rule(hint: Any) -> Rule | None:
    """What an annotation says, as far as it is known here."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _any_of([_rule(each) for each in inner])
    if origin is Literal:
        return _word(inner)
    if isinstance(hint, type) and issubclass(hint, AbstractArray) and issubclass(Tensor, hint.array_type):
        return _tensor(hint)
    if isinstance(origin, type) and issubclass(tuple, origin) and inner:  # tuple[int, str], Sequence[float]
        rules = [rule for each in inner if each is not Ellipsis and (rule := _rule(each)) is not None]
        fixed = origin is tuple and Ellipsis not in inner
        return _row(rules, fixed) if len(rules) == (len(inner) if fixed else 1) else None
    named = {float: _number, int: _whole_number, bool: _truth, NoneType: _none, Tensor: _tensor(Shaped[Tensor, "..."])}
    if hint in (Any, inspect.Parameter.empty) or not isinstance(hint, type):
        return None
    return named.get(hint) or _instance(hint)


def _tensor(hint: Any) -> Rule:
    wanted, fits = {
        Float: ("floating point", Tensor.is_floating_point),
        Int: ("integers", _is_whole),
    }.get(hint.dtype, ("real numbers", lambda value: not value.is_complex()))
    axes = ["..." if axis.startswith(("*", ".")) else axis.upper() for axis in hint.dim_str.split()]
    shape = f"({', '.join(axes)})"

    def rule(value: Any) -> Exception | None:
        if not isinstance(value, Tensor):
            cure = "; torch.from_numpy makes one" if type(value).__name__ == "ndarray" else ""
            return TypeError(f"a torch.Tensor, got {_kind(value)}{cure}")
        if value.layout is not torch.strided or value.is_nested:
            return ValueError(f"a dense tensor, got layout {value.layout}")
        if value.device.type == "meta":
            return ValueError("a tensor with data, got one on the meta device")
        if fits(value):
            return None
        return ValueError(f"{wanted}, shape {shape}, got {value.dtype}, {tuple(value.shape)}")

    return rule


def _is_whole(value: Tensor) -> bool:
    return not (value.is_floating_point() or value.is_complex() or value.dtype is torch.bool)


def _number(value: Any) -> Exception | None:
    return None if isinstance(value, Real) else TypeError(f"a number, got {_kind(value)}")


def _whole_number(value: Any) -> Exception | None:
    return None if isinstance(value, Integral) else TypeError(f"a whole number, got {_kind(value)}")


def _truth(value: Any) -> Exception | None:
    fits = value in (0, 1) if isinstance(value, Integral) else type(value).__name__ == "bool_"  # NumPy's
    return None if fits else TypeError(f"True or False, got {_kind(value)}")


def _word(words: tuple[Any, ...]) -> Rule:
    def rule(value: Any) -> Exception | None:
        if isinstance(value, (str, Real)) and value in words:
            return None
        *most, last = map(_quoted, words)
        wanted = f"{', '.join(most)} or {last}" if most else last
        return ValueError(f"{wanted}, got {_kind(value)}")

    return rule


def _row(rules: list[Rule], fixed: bool) -> Rule:
    """As many values as rules, one for each, or any number of them under one rule."""

    def rule(value: Any) -> Exception | None:
        if isinstance(value, str) or not isinstance(value, (Sequence, torch.Size)):
            return TypeError(f"a tuple or list, got {_kind(value)}")
        if fixed and len(value) != len(rules):
            return ValueError(f"{len(rules)} values, got {len(value)}")
        for place, (each, item) in enumerate(zip(rules if fixed else rules * len(value), value)):
            if (wrong := each(item)) is not None:
                return type(wrong)(f"a tuple or list whose item {place} is {wrong}")
        return None

    return rule


def _instance(kind: type) -> Rule:
    def rule(value: Any) -> Exception | None:
        wrong = not isinstance(value, kind)
        return TypeError(f"of the type {kind.__name__}, got {_kind(value)}") if wrong else None

    return rule


def _any_of(rules: list[Rule | None]) -> Rule | None:
    """A value will do that one of the rules takes; else the one that got nearest, or all, say what is wrong with it."""
    known = [rule for rule in rules if rule is not None]
    if len(known) < len(rules):
        return None
    optional = [rule for rule in known if rule is not _none]

    def rule(value: Any) -> Exception | None:
        if value is None and len(optional) < len(known):
            return None
        wrong = [error for each in optional if (error := each(value)) is not None]
        if len(wrong) < len(optional):
            return None
        near = next((error for error in wrong if isinstance(error, ValueError)), None)
        wanted = " or ".join(str(error).partition(", got ")[0] for error in wrong)
        return near or TypeError(f"{wanted}, got {str(wrong[0]).partition(', got ')[2]}")

    return rule


def _none(value: Any) -> Exception | None:
    return None if value is None else TypeError(f"None, got {_kind(value)}")


def _quoted(word: Any) -> str:
    return f'"{word}"' if isinstance(word, str) else str(word)


def _kind(value: Any) -> str:
    return "None" if value is None else repr(value) if isinstance(value, (Real, str)) else type(value).__name__
