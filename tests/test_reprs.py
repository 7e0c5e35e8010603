"""Results fit on a line."""

import dataclasses
import importlib
import inspect
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from diffshape._reprs import WIDTH, one_line, shortly
from diffshape.data import icosphere
from diffshape.fields import MLP
from diffshape.fitting import Supervised, fit_mesh

THEIR_OWN = {"Mesh", "PointCloud", "ShapeSet", "Surface"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "0.3333"),
        (float("nan"), "nan"),
        (12, "12"),
        (True, "True"),
        (None, "None"),
        ("px", "'px'"),
        ("x" * 60, "'" + "x" * 36 + "..."),
        (Path("runs/one"), "runs/one"),
        (torch.zeros(3, 4), "float32 (3, 4)"),
        (np.zeros((5, 2)), "float64 (5, 2)"),
        (torch.tensor(2 / 3), "0.6667"),
        (np.float64(2 / 3), "0.6667"),
        ((1.0, 2.5, None), "(1.0, 2.5, None)"),
        ((0.5,), "(0.5,)"),
        ([0.5] * 100, "100 items"),
        ([Path("a")], "1 item"),
        ({"a": 0.5}, "{'a': 0.5}"),
        (dict.fromkeys(range(9)), "9 items"),
        (torch.nn.Linear(1, 1), "Linear"),
    ],
)
def test_a_value_is_short(value, text):
    assert shortly(value) == text


def test_a_long_one_is_cut_at_a_field():
    kind = dataclasses.make_dataclass(
        "Many", [(f"number_{n}", float) for n in range(30)], namespace={"__repr__": one_line}
    )
    text = repr(kind(*[0.123456] * 30))
    assert len(text) <= WIDTH
    assert text.startswith("Many(number_0=0.1235, number_1=0.1235")
    assert text.endswith("=0.1235, ...)")


def test_named_tuples_too():
    class Pair(NamedTuple):
        first: torch.Tensor
        second: float

        __repr__ = one_line

    assert repr(Pair(torch.zeros(2), 1.0)) == "Pair(first=float32 (2,), second=1.0)"


@pytest.mark.parametrize("package", ["data", "fitting", "losses", "metrics", "models", "ops", "training"])
def test_every_public_result_with_arrays_has_one(package):
    module = importlib.import_module(f"diffshape.{package}")
    long = []
    for name in set(module.__all__) - THEIR_OWN:
        kind = getattr(module, name)
        if inspect.isclass(kind) and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
            types = " ".join(map(str, kind.__annotations__.values()))
            if any(word in types for word in ("Tensor", "ndarray", "Frame")) and kind.__repr__ is not one_line:
                long.append(name)
    assert long == []


def test_a_field_is_its_size():
    assert repr(MLP(hidden_layers=1, width=4, skip=())) == "MLP(21 parameters)"


def test_a_fit_is_its_method_field_and_effort():
    result = fit_mesh(icosphere(2), Supervised(pool=200, batch=20, fresh=1), steps=2, device="cpu")
    text = repr(dataclasses.replace(result, seconds=1.25, interrupted=True))
    assert text == "FitResult(Supervised, HashGrid(429,633 parameters) on cpu, 2 steps in 1.2 s, interrupted)"
    assert len(repr(result.target)) <= WIDTH
