from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import check, checked


class Own:
    pass


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, 3),
        (int, np.int32(3)),
        (float, 3),
        (float | None, None),
        (float, float("nan")),  # its range is the function's own business
        (bool, True),
        (Own | int, Own()),
        (Literal["mean", "sum"], "sum"),
        (str | Path, "run"),
        (str | PathLike[str], Path("run")),
        (Sequence[int], (1, 2)),
        (Sequence[Any], [1, "x"]),
        (Sequence[Callable[[int], None]], [print]),
        (Mapping[str, Any], {}),
        (Float[Tensor, "n 3"], torch.zeros(7)),  # so is its shape
        (Any, object()),
    ],
)
def test_what_is_wanted_passes(hint, value):
    check("f: x", hint, value)


@pytest.mark.parametrize(
    ("hint", "value", "sentence"),
    [
        (int, 2.5, "a whole number, got 2.5"),
        (int, True, "a whole number, got True"),
        (float, "ten", "a number, got 'ten'"),
        (bool | None, 3, "True or False or None, got 3"),
        (str | None, 3, "text or None, got 3"),
        (str | Path, None, "a path, got None"),
        (str | PathLike[str] | None, 7, "a path or None, got 7"),
        (Own | None, "own", "an Own or None, got 'own'"),
        (Own, Own, "an Own, got the class Own"),
        (int | Own | None, [], "a whole number, an Own or None, got a list"),
        (Literal["mean", "sum"], "max", "one of 'mean', 'sum', got 'max'"),
        (Sequence[Any], "abc", "a list, got 'abc'"),
        (Sequence[Any], None, "a list, got None"),
        (Sequence[Callable[[int], None]], print, "a list of functions, got a builtin_function_or_method"),
        (Sequence[Callable[[int], None]], [3], "a list of functions, got a list"),
        (Sequence[Own], [3], "a list of Owns, got a list"),
        (Mapping[str, Any], 3, "a dictionary, got 3"),
        (Float[Tensor, "n 3"], np.zeros((2, 3)), "a Tensor, got a ndarray"),
    ],
)
def test_what_is_not_is_one_sentence(hint, value, sentence):
    with pytest.raises(ValueError, match=r"^f: x must be ") as refused:
        check("f: x", hint, value)
    assert str(refused.value) == f"f: x must be {sentence}"


class Thing:
    @checked
    def __init__(self, size: int) -> None:
        self.size = size

    @checked
    def grown(self, by: float = 2.0) -> float:
        """Larger."""
        return self.size * by


def test_methods_are_named_by_their_class():
    with pytest.raises(ValueError, match=r"^Thing: size must be a whole number"):
        Thing("one")
    with pytest.raises(ValueError, match=r"^Thing\.grown: by must be a number"):
        Thing(1).grown(by="two")
    assert Thing(2).grown() == 4.0
    assert (Thing.grown.__name__, Thing.grown.__doc__) == ("grown", "Larger.")


def test_what_the_signature_does_not_have_is_pythons_own_error():
    with pytest.raises(TypeError, match="unexpected keyword argument 'of'"):
        Thing(1).grown(of=2)
