"""What tests share that call every public function with awkward arguments: the values, and what may come of them.

A call may give a result without NaN, or refuse by one sentence that names the argument or the file. A refusal leaves
no file behind.
"""

import math
import os
import warnings
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffshape.losses import LossTerms

REFUSALS = (ValueError, TypeError, OSError, ImportError)
ROWS = np.arange(12.0).reshape(4, 3)


class Call(NamedTuple):
    """A function and the arguments of a good call."""

    function: Any
    arguments: dict[str, Any]
    use: Any = None
    """What is asked of its result, if that is an object."""


class Awkward(NamedTuple):
    """A value that an argument may be given."""

    title: str
    value: Any
    never: bool = False
    """Whether no argument at all takes it."""


def everything(folder: Path) -> list[Awkward]:
    """Awkward values of every kind; paths are in ``folder``, where there are a file and a folder."""
    (folder / "kept").mkdir(exist_ok=True)
    (folder / "kept.txt").write_text("kept")
    return [
        Awkward("None", None),
        Awkward("object", object(), True),
        Awkward("complex", 1j, True),
        Awkward("bytes", b"bytes", True),
        Awkward("class", int),
        Awkward("dictionary", {"nonsense": "nonsense"}),
        Awkward("empty list", []),
        Awkward("list", [1, "two"], True),
        Awkward("ragged list", [[1.0, 2.0], [3.0]], True),
        Awkward("deep list", [None, [[[]]]], True),
        Awkward("True", True),
        *(Awkward(f"{number:g}", number) for number in (0, -1, 1.5, math.inf, -math.inf, 1e308, -1e308)),
        Awkward("NaN", math.nan, True),
        Awkward("2**70", 2**70),
        Awkward("-(2**70)", -(2**70)),
        Awkward("10**400", 10**400),
        Awkward("NumPy's NaN", np.float32("nan"), True),
        Awkward("array", ROWS),
        Awkward("array of NaN", np.full((4, 3), np.nan)),
        Awkward("array with infinity", np.where(ROWS == 0, np.inf, ROWS)),
        Awkward("array of no rows", np.zeros((0, 3))),
        Awkward("array of another shape", np.zeros((2, 5))),
        Awkward("array of no dimension", np.array(3.0)),
        Awkward("array of integers", ROWS.astype(np.int32)),
        Awkward("array of booleans", ROWS > 5),
        Awkward("array of complex numbers", ROWS + 1j, True),
        Awkward("array of objects", np.array([[None, "a", 1]] * 4, object), True),
        Awkward("array of text", np.array([["a", "b", "c"]] * 4), True),
        Awkward("array of dates", np.zeros((4, 3), "datetime64[s]"), True),
        Awkward("masked array", np.ma.masked_greater(ROWS, 5)),
        Awkward("tensor", torch.from_numpy(ROWS)),
        Awkward("half tensor", torch.from_numpy(ROWS).half()),
        Awkward("NaN tensor", torch.full((4, 3), math.nan)),
        Awkward("integer tensor", torch.from_numpy(ROWS).long()),
        Awkward("tensor of no rows", torch.zeros(0, 3)),
        Awkward("tensor of no dimension", torch.tensor(2.0)),
        Awkward("meta tensor", torch.zeros(4, 3, device="meta"), True),
        Awkward("sparse tensor", torch.from_numpy(ROWS).to_sparse(), True),
        Awkward("complex tensor", torch.zeros(4, 3, dtype=torch.complex64), True),
        Awkward("word", "nonsense"),
        Awkward("empty text", ""),
        Awkward("text with NUL", "non\0sense.ply"),
        Awkward("half a surrogate", "non\udc80\ud800.ply"),
        Awkward("missing file", folder / "missing.ply"),
        Awkward("missing folder", folder / "missing" / "missing.obj"),
        Awkward("folder", folder / "kept"),
        Awkward("file", folder / "kept.txt"),
        Awkward("below a file", folder / "kept.txt" / "below.ply"),
        Awkward("path with NUL", Path("non\0sense.obj")),
        Awkward("long name", "n" * 300 + ".ply"),
    ]  # fmt: skip


def complaint(call: Call, argument: str, awkward: Awkward, names: tuple[str, ...], *, nan: bool = False) -> str | None:
    """What is wrong with what comes of a call with an awkward argument; None if nothing is.

    Args:
        call: A good call.
        argument: The name of the argument that is replaced.
        awkward: By what.
        names: What a refusal may name in place of the argument.
        nan: Whether NaN may come of NaN.
    """
    before = files()
    try:
        return _complaint(call, argument, awkward, names, before, nan)
    finally:
        for path in sorted(files() - before, reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def files() -> set[Path]:
    """All files and folders in the working directory."""
    return {Path(folder, name) for folder, folders, names in os.walk(".") for name in (*folders, *names)}


def _complaint(
    call: Call, argument: str, awkward: Awkward, names: tuple[str, ...], before: set[Path], nan: bool
) -> str | None:
    try:
        found = run(call, **{argument: awkward.value})
    except REFUSALS as error:
        text = str(error)
        if left := files() - before:
            return f"{awkward.title}: left {sorted(map(str, left))} behind: {text}"
        return None if _names(text, (argument, *names), awkward.value) else f"{awkward.title}: names nothing: {text}"
    except Exception as error:
        return f"{awkward.title}: {type(error).__name__}: {error}"
    if awkward.never:
        return f"{awkward.title}: was taken"
    return None if nan or not any(bool(each.isnan().any()) for each in found) else f"{awkward.title}: gives NaN"


def _names(text: str, names: tuple[str, ...], value: Any) -> bool:
    paths = [str(value), repr(str(value))[1:-1]] if isinstance(value, (str, Path)) and str(value) else []
    if isinstance(value, str) and not value:
        paths = [".:", "'.'", "''"]  # the working directory
    if paths:
        paths += [Path(str(value)).name or "''", *(["missing'"] if Path(str(value)).parent.name == "missing" else [])]
    if paths and Path(str(value)).parent.name == "kept.txt":
        paths.append("kept.txt")  # which is in the way
    return any(name in text for name in (*names, *paths))


def run(call: Call, **changes: Any) -> list[Tensor]:
    """The numbers of the result of a call with some arguments changed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = call.function(**{**call.arguments, **changes})
        return numbers(result if call.use is None else call.use(result))


def numbers(result: Any) -> list[Tensor]:
    """All numbers of a result, as float64 tensors."""
    if isinstance(result, LossTerms):
        result = (result.total, *result.parts.values())
    if is_dataclass(result) and not isinstance(result, type):
        result = vars(result)
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, (tuple, list)):
        return [number for each in result for number in numbers(each)]
    if isinstance(result, int):
        result = float(max(-(2**63), min(result, 2**63)))
    if isinstance(result, float):
        return [torch.tensor(result, dtype=torch.float64)]
    if isinstance(result, Tensor) or (isinstance(result, np.ndarray) and result.dtype.kind in "fiub"):
        return [torch.as_tensor(result).detach().double()]
    return []
