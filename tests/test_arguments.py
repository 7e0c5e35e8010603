import inspect
import pickle
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import check, checked

POINTS, FACES = torch.zeros(4, 3), torch.tensor([[0, 1, 2]])
PAIR = tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]]


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
        (float, np.float32(3)),
        (float, np.float32("nan")),
        (bool, np.bool_(True)),
        (Own | int, Own()),
        (Literal["mean", "sum"], "sum"),
        (Literal[1, 2], np.int64(2)),
        (str | Path, "run"),
        (str | PathLike[str], Path("run")),
        (Sequence[int], (1, 2)),
        (Sequence[Any], [1, "x"]),
        (tuple[float, float], [1, np.float32("nan")]),
        (tuple[int, ...], []),
        (tuple[int, ...], torch.Size((1, 2))),
        (tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]], [POINTS, FACES.int()]),
        (Int[Tensor, "f 3"] | Own, Own()),
        (Float[Tensor, "*b"] | float | None, 2),
        (Sequence[Callable[[int], None]], [print]),
        (Mapping[str, Any], {}),
        (Float[Tensor, "n 3"], torch.zeros(7)),  # so is its shape
        (Float[Tensor, "n"], torch.zeros(7).half()),
        (Bool[Tensor, "n"], torch.zeros(7)),  # and the type of a mask
        (Shaped[Tensor, "n"] | None, FACES),
        (Tensor, FACES),
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
        (Literal["mean", "sum"], 7, "one of 'mean', 'sum', got 7"),
        (Literal["mean", "sum"] | None, 7, "one of 'mean', 'sum' or None, got 7"),
        (Literal[1, 2], True, "one of 1, 2, got True"),
        (float, True, "a number, got True"),
        (float, torch.zeros(()), "a number, got a Tensor"),
        (float, None, "a number, got None"),
        (bool, 1, "True or False, got 1"),
        (Sequence[Any], "abc", "a list, got 'abc'"),
        (Sequence[Any], None, "a list, got None"),
        (Sequence[Callable[[int], None]], print, "a list of functions, got a builtin_function_or_method"),
        (Sequence[Own], 3, "a list of Owns, got 3"),
        (Sequence[str], 3, "a list, got 3"),
        (tuple[int, ...], 3, "a list of whole numbers, got 3"),
        (tuple[float, float], "ab", "a list of 2 numbers, got 'ab'"),
        (tuple[float, float], POINTS, "a list of 2 numbers, got a Tensor"),
        (tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]], POINTS, "a list of 2 Tensors, got a Tensor"),
        (Sequence[tuple[int, str]], 3, "a list of lists of 2 values, got 3"),
        (Mapping[str, Any], 3, "a dictionary, got 3"),
        (Float[Tensor, "n 3"], [[0.0] * 3], "a Tensor, got a list"),
        (Float[Tensor, "n 3"], np.zeros((2, 3)), "a Tensor, got a ndarray; torch.from_numpy makes one"),
        (Own | Int[Tensor, "f 3"], FACES.numpy(), "an Own or a Tensor, got a ndarray; torch.from_numpy makes one"),
        (Float[Tensor, "*b"] | float | None, "far", "a Tensor, a number or None, got 'far'"),
    ],
)
def test_another_kind_is_a_type_error_of_one_sentence(hint, value, sentence):
    with pytest.raises(TypeError, match=r"^f: x must be ") as refused:
        check("f: x", hint, value)
    assert str(refused.value) == f"f: x must be {sentence}"


@pytest.mark.parametrize(
    ("hint", "value", "sentence"),
    [
        (Literal["mean", "sum"], "max", "one of 'mean', 'sum', got 'max'"),
        (Literal[1, 2], 3, "one of 1, 2, got 3"),
        (Own | Literal["auto"], "own", "one of 'auto', got 'own'"),
        (tuple[float, float], (1, 2, 3), "a list of 2 numbers, got a tuple of 3"),
        (Int[Tensor, "f 3"] | Own, POINTS, "integers, shape (F, 3), got torch.float32, (4, 3)"),
        (Float[Tensor, "*b n 3"], FACES, "floating point, shape (..., N, 3), got torch.int64, (1, 3)"),
        (Shaped[Tensor, "n"], torch.zeros(1).cfloat(), "real numbers, shape (N), got torch.complex64, (1,)"),
        (Float[Tensor, "n 3"], POINTS.to_sparse(), "a dense tensor, got layout torch.sparse_coo"),
        (Float[Tensor, "n 3"], POINTS.to("meta"), "a tensor with data, got one on the meta device"),
    ],
)
def test_another_value_is_a_value_error_of_one_sentence(hint, value, sentence):
    with pytest.raises(ValueError, match=r"^f: x must be ") as refused:
        check("f: x", hint, value)
    assert str(refused.value) == f"f: x must be {sentence}"


@pytest.mark.parametrize(
    ("hint", "value", "error", "sentence"),
    [
        (Sequence[Callable[[int], None]], [3], TypeError, "x[0] must be a function, got 3"),
        (Sequence[Own], [Own(), 3], TypeError, "x[1] must be an Own, got 3"),
        (tuple[int, ...], (1, 2.5), TypeError, "x[1] must be a whole number, got 2.5"),
        (PAIR, (POINTS, POINTS), ValueError, "x[1] must be integers, shape (F, 3), got torch.float32, (4, 3)"),
        (Own | PAIR, (FACES, FACES), ValueError, "x[0] must be floating point, shape (V, 3), got torch.int64, (1, 3)"),
        (Sequence[PAIR], [(POINTS, 1)], TypeError, "x[0][1] must be a Tensor, got 1"),
    ],
)
def test_a_wrong_item_is_named_by_its_place(hint, value, error, sentence):
    with pytest.raises(error, match=r"^f: x\[") as refused:
        check("f: x", hint, value)
    assert str(refused.value) == f"f: {sentence}"


class Thing:
    @checked
    def __init__(self, size: int) -> None:
        self.size = size

    @checked
    def grown(self, by: float = 2.0) -> float:
        """Larger."""
        return self.size * by


def test_methods_are_named_by_their_class():
    with pytest.raises(TypeError, match=r"^Thing: size must be a whole number"):
        Thing("one")
    with pytest.raises(TypeError, match=r"^Thing\.grown: by must be a number"):
        Thing(1).grown(by="two")
    assert Thing(2).grown() == 4.0
    assert (Thing.grown.__name__, Thing.grown.__doc__) == ("grown", "Larger.")


def test_what_the_signature_does_not_have_is_pythons_own_error():
    with pytest.raises(TypeError, match="unexpected keyword argument 'of'"):
        Thing(1).grown(of=2)


@checked
def late(x: "Later", *rest: int, y: "Later | None" = None, **options: int) -> "Later":
    return x


class Later:
    pass


def test_annotations_may_name_what_is_defined_later():
    one = Later()
    assert late(one, "unchecked", y=one, z="unchecked") is one
    with pytest.raises(TypeError, match=r"^late: x must be a Later, got 3$"):
        late(3)
    with pytest.raises(TypeError, match=r"^late: y must be a Later or None, got 3$"):
        late(one, y=3)


def test_a_decorated_function_is_pickled_and_shown_as_itself():
    assert pickle.loads(pickle.dumps(late)) is late
    assert str(inspect.signature(late)) == str(inspect.signature(late.__wrapped__))
    assert late.__code__.co_name == "late"


def test_compiled_code_has_no_checks():
    doubled = torch.compile(twice, backend="eager", fullgraph=True)  # before any other call
    assert torch.equal(doubled(POINTS + 1, by=2.0), torch.full((4, 3), 2.0))


@checked
def twice(x: Float[Tensor, "*b"], *, by: float) -> Float[Tensor, "*b"]:
    return x * by
