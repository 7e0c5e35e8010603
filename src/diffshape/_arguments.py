"""Functions that check what they are called with against their own annotations: one sentence names what is wrong.

A class takes its instances, a ``Literal`` one of its words, a ``Callable`` what can be called, a tuple or ``Sequence``
a list of what it says, and bool, int, float and str what settings take (`_typed.typed`), with NaN besides. A parameter
annotated ``Float[Tensor, ...]`` takes a dense tensor of real floating-point numbers that has data, ``Int`` one of
integers, ``Bool`` (a mask, whose type is checked with its shape) and ``Shaped`` one of any real numbers.
"""

import inspect
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from numbers import Real
from os import PathLike
from types import UnionType
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar, Union, get_args, get_origin

from diffshape._in_words import kind_in_words, value_in_words
from diffshape._typed import options_of, typed

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Fault(NamedTuple):
    """Reason why a value is refused."""

    error: type[Exception]
    """TypeError for another kind of value, ValueError for another value of the kind."""
    wanted: str
    """Values that are wanted, in words."""
    got: str
    """Value that was given, in words."""
    item: str = ""
    """Place of the wrong item in a list, such as "[1]"."""


Rule = Callable[[Any], Fault | None]
"""Check of a value; None: it is taken."""


def checked(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function or method, refusing arguments that are not what its annotations say; shapes it checks by itself.

    Annotations are read at the first call. Compiled code leaves the checks out.

    Raises:
        TypeError: An argument is no number, word, tensor or object of the kind that is wanted.
        ValueError: A word is unknown, a list has another length, or a tensor other numbers than are wanted or no data.

    >>> @checked
    ... def thin(points: Any, count: int, *, seed: int | None = None) -> int:
    ...     return count
    >>> thin([], "ten")
    Traceback (most recent call last):
    TypeError: thin: count must be a whole number, got 'ten'
    """
    title = function.__qualname__.rpartition("<locals>.")[2].removesuffix(".__init__").removesuffix(".forward")
    torch: Any = sys.modules.get("torch")  # what is written before it is loaded is not compiled, and bool() is False
    is_compiling = torch.compiler.is_compiling if torch else bool

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if not is_compiling():
            by_place, by_name = _rules(function)
            for (name, rule), value in zip(by_place, args):
                if rule is not None and (fault := rule(value)) is not None:
                    raise _error(f"{title}: {name}", fault)
            for name, value in kwargs.items():
                rule = by_name.get(name)
                if rule is not None and (fault := rule(value)) is not None:
                    raise _error(f"{title}: {name}", fault)
        return function(*args, **kwargs)

    own: Any = call  # the compiler counts recompilations by code, so each function gets its own
    own.__code__ = own.__code__.replace(co_name=function.__name__)
    return call


def check(argument: str, hint: Any, value: Any) -> None:
    """``value`` is as ``hint`` declares it.

    Args:
        argument: What errors call it, such as "fit_points: method".
        hint: An annotation.
        value: What was given.

    Raises:
        TypeError: It is of another kind.
        ValueError: It is another value of that kind.

    >>> check("fit_points: folder", str | PathLike | None, 7)
    Traceback (most recent call last):
    TypeError: fit_points: folder must be a path or None, got 7
    """
    rule = _rule(hint)
    if rule is not None and (fault := rule(value)) is not None:
        raise _error(argument, fault)


def _error(argument: str, fault: Fault) -> Exception:
    return fault.error(f"{argument}{fault.item} must be {fault.wanted}, got {fault.got}")


@cache
def _rules(function: Callable[..., Any]) -> tuple[list[tuple[str, Rule | None]], dict[str, Rule | None]]:
    """The rules of the arguments that may be given by place, and of all by name."""
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    single = [each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    rules = {each.name: _rule(hints.get(each.name, Any)) for each in single}
    return [(each.name, rules[each.name]) for each in single if each.kind != each.KEYWORD_ONLY], rules


def _rule(hint: Any) -> Rule | None:
    """The rule of an annotation; None if it is not one of those known here."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _any_of(options_of(hint))
    if origin is Literal:
        return _word(hint)
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        rules = [_rule(each) for each in inner]
        return None if None in rules else _row(hint, rules, (list, tuple))
    if origin in (tuple, Sequence) and inner:
        return _row(hint, _rule(inner[0]), (list, tuple) if origin is tuple else Sequence)
    if origin is Callable:
        return _of_kind(callable, kind_in_words(hint))
    if origin in (Mapping, PathLike):
        return _of_kind(lambda value: isinstance(value, origin), kind_in_words(hint))
    if hint in _USUAL:
        return _setting(hint)
    kind: Any = getattr(hint, "array_type", hint)  # of jaxtyping
    if "torch" in sys.modules and kind is sys.modules["torch"].Tensor:
        return _tensor(hint)
    if kind is Any or not isinstance(kind, type):
        return None
    return _of_kind(lambda value: isinstance(value, kind), kind_in_words(hint))


def _any_of(options: tuple[Any, ...]) -> Rule | None:
    """The rule of a union: one option must take the value; else the nearest option, or all, say what is wrong."""
    rules = [rule for rule in map(_rule, options) if rule is not None]
    if len(rules) < len(options):
        return None
    *names, last = dict.fromkeys(kind_in_words(option, options) for option in options)
    wanted = f"{', '.join(names)} or {last}" if names else last
    optional = type(None) in options

    def rule(value: Any) -> Fault | None:
        if value is None and optional:
            return None
        for each in rules:
            if each(value) is None:
                return None
        faults = [fault for each in rules if (fault := each(value)) is not None]
        near = next((fault for fault in faults if fault.item or fault.error is ValueError), None)
        return near or Fault(TypeError, wanted, max((fault.got for fault in faults), key=len))

    return rule


def _setting(hint: Any) -> Rule:
    usual, wanted = _USUAL[hint], kind_in_words(hint)

    def rule(value: Any) -> Fault | None:
        if type(value) in usual or _takes(hint, value):
            return None
        if hint is float and isinstance(value, Real) and value != value:  # its range is the function's own business
            return None
        return Fault(TypeError, wanted, value_in_words(value))

    return rule


def _word(hint: Any) -> Rule:
    words, kinds, wanted = get_args(hint), {type(word) for word in get_args(hint)}, kind_in_words(hint)

    def rule(value: Any) -> Fault | None:
        if (type(value) in kinds and value in words) or _takes(hint, value):
            return None
        known = any(_takes(kind, value) for kind in kinds)
        return Fault(ValueError if known else TypeError, wanted, value_in_words(value))

    return rule


def _takes(hint: Any, value: Any) -> bool:
    try:
        typed("", hint, value)
    except ValueError:
        return False
    return True


def _row(hint: Any, rules: list[Rule | None] | Rule | None, kind: Any) -> Rule:
    """The rule of a list: as many values as rules, one for each, or any number of values under one rule."""
    wanted = kind_in_words(hint)

    def rule(value: Any) -> Fault | None:
        if not isinstance(value, kind) or isinstance(value, (str, bytes)):
            return Fault(TypeError, wanted, value_in_words(value))
        if isinstance(rules, list) and len(value) != len(rules):
            return Fault(ValueError, wanted, f"{value_in_words(value)} of {len(value)}")
        for place, (each, item) in enumerate(zip(rules if isinstance(rules, list) else [rules] * len(value), value)):
            if each is not None and (fault := each(item)) is not None:
                return fault._replace(item=f"[{place}]{fault.item}")
        return None

    return rule


def _of_kind(fits: Callable[[Any], bool], wanted: str) -> Rule:
    def rule(value: Any) -> Fault | None:
        return None if fits(value) else Fault(TypeError, wanted, value_in_words(value))

    return rule


def _tensor(hint: Any) -> Rule:
    torch: Any = sys.modules["torch"]
    tensor, strided = torch.Tensor, torch.strided

    def is_whole(value: Any) -> bool:
        return not (value.is_floating_point() or value.is_complex() or value.dtype is torch.bool)

    wanted, fits = {
        "Float": ("floating point", tensor.is_floating_point),
        "Int": ("integers", is_whole),
    }.get(getattr(hint, "dtype", type).__name__, ("real numbers", lambda value: not value.is_complex()))
    axes = ["..." if axis.startswith(("*", ".")) else axis.upper() for axis in getattr(hint, "dim_str", "...").split()]
    name, shape = kind_in_words(hint), f"({', '.join(axes)})"

    def rule(value: Any) -> Fault | None:
        if not isinstance(value, tensor):
            cure = "; torch.from_numpy makes one" if type(value).__name__ == "ndarray" else ""
            return Fault(TypeError, name, value_in_words(value) + cure)
        if value.layout is not strided or value.is_nested:
            return Fault(ValueError, "a dense tensor", f"layout {value.layout}")
        if value.device.type == "meta":
            return Fault(ValueError, "a tensor with data", "one on the meta device")
        if fits(value):
            return None
        return Fault(ValueError, f"{wanted}, shape {shape}", f"{value.dtype}, {tuple(value.shape)}")

    return rule


_USUAL: dict[Any, tuple[type, ...]] = {
    bool: (bool,),
    int: (int,),
    float: (float, int),
    str: (str,),
    type(None): (type(None),),
}
"""Classes that annotations take without a further look."""
