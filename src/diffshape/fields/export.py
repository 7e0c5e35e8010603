"""A field as one self-contained file.

safetensors   the weights, and in the header the settings as plain values: read back by `load_field`
TorchScript   the field's ``plain``, traced: ``torch.jit.load(path)(points)``, in Python or C++, without this library
ONNX          the same for ``onnxruntime`` and others: input "points" (N, 3), output "distances" (N,)
"""

import copy
import importlib.util
import io
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._config import from_plain, to_plain
from diffshape._files import atomic_path
from diffshape._sized_for import SizedFor
from diffshape._tensor_files import read_tensors, write_tensors
from diffshape.fields.build import build_field
from diffshape.fields.config import FIELD_KINDS, FieldConfig
from diffshape.fields.field import Field
from diffshape.fields.framed import FramedField

Format = Literal["safetensors", "torchscript", "onnx"]
_SUFFIXES: dict[str, Format] = {".safetensors": "safetensors", ".pt": "torchscript", ".onnx": "onnx"}
_HEADER = "diffshape field 1"
_OPSET = 18
"""Version of the ONNX operators: the first with exclusive or of integers, which the grid's hash needs."""


@checked
def export(
    field: Field,
    path: str | os.PathLike[str],
    format: Format | None = None,
    *,
    center: Sequence[float] = (0.0, 0.0, 0.0),
    scale: float = 1.0,
) -> Path:
    """Write a field to one self-contained file, whole or not at all.

    Args:
        field: An ``MLP``, ``Siren``, ``HashGrid`` or ``FeatureGrid``; for TorchScript and ONNX also any other whose
            ``plain``, by default ``evaluate``, is plain PyTorch.
        path: File to write; an old one is replaced.
        format: Format of the file; by default that of the suffix: .safetensors, .pt (TorchScript) or .onnx.
        center: Position of the field's origin in the coordinates that the file takes.
        scale: Length of the field's unit there: the file computes scale * field((x - center) / scale).

    Returns:
        ``path``.

    Raises:
        ValueError: The format is unknown, ``center`` is not three finite numbers, ``scale`` is not
            positive, or the field cannot be written in this format.
        ImportError: ONNX is asked for without the packages ``onnx`` and ``onnxscript``, or with torch before 2.6.
        OSError: The file cannot be written.

    The traced modules take and give the field's dtype, for any number of points (onnxruntime wants one at least), and
    give the values of the library up to rounding. TorchScript files hold code: load only those you trust.

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.fields import FeatureGrid
    >>> field, points = FeatureGrid(levels=2, base=4, finest=8), torch.rand(5, 3)
    >>> with TemporaryDirectory() as folder:
    ...     path = export(field, Path(folder, "sphere.safetensors"), scale=2.0)
    ...     bool((load_field(path)(2 * points) == 2 * field(points)).all())
    True
    """
    path = Path(path)
    chosen = _SUFFIXES.get(path.suffix.lower()) if format is None else format
    framed = FramedField(field, center=center, scale=scale)
    if chosen == "safetensors":
        _write_safetensors(path, framed)
        return path
    if chosen == "torchscript":
        content = _torchscript(framed)
    elif chosen == "onnx":
        content = _onnx(framed)
    else:
        raise ValueError(
            f"export: format must be one of {', '.join(get_args(Format))}, or the suffix one of "
            f"{', '.join(_SUFFIXES)}; got {format!r} for {path.name!r}"
        )
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path


@checked
def load_field(path: str | os.PathLike[str]) -> Field:
    """The field that `export` wrote as safetensors, on the CPU; a ``FramedField`` if a centre or scale was given.

    Raises:
        ValueError: The file does not hold a field, or is damaged.
        OSError: The file cannot be read.
    """
    try:
        header, weights = read_tensors(path)
        if header.get("format") != _HEADER:
            raise ValueError(f"its header has no format {_HEADER!r}")
        with SizedFor(weights.values()):
            field = build_field(from_plain(FieldConfig, json.loads(header["config"]), FIELD_KINDS))
        floats = next(weight.dtype for weight in weights.values() if weight.is_floating_point())
        field.to(floats).load_state_dict(weights)
        center, scale = json.loads(header["center"]), json.loads(header["scale"])
        framed = FramedField(field, center=center, scale=scale)
    except (KeyError, StopIteration, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise ValueError(
            f"load_field: no field can be read from {path}: {error}; copy it anew, or export it again"
        ) from error
    return field if _is_unmoved(framed) else framed


def _write_safetensors(path: Path, framed: FramedField) -> None:
    field = framed.inner
    config = getattr(field, "config", None)
    if not isinstance(config, get_args(FieldConfig)):
        kinds = ", ".join(kind.__name__ for kind in FIELD_KINDS.values())
        raise ValueError(
            f"export: safetensors keep fields with settings out of {kinds}, and {type(field).__name__} has "
            "none; write TorchScript or ONNX"
        )
    header = {
        "format": _HEADER,
        "config": json.dumps(to_plain(config, FIELD_KINDS), allow_nan=False),
        "center": json.dumps(framed.center),
        "scale": json.dumps(framed.scale),
    }
    write_tensors(path, field.state_dict(), header)


def _torchscript(framed: FramedField) -> bytes:
    module, points = _plain_module(framed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # loops over levels, which are constant, and TorchScript's deprecation
        traced = torch.jit.trace(module, points, check_trace=False)
        assert isinstance(traced, torch.jit.ScriptModule)
        if "diffshape::" in str(traced.inlined_graph):
            raise ValueError(
                f"export: {type(framed.inner).__name__} is evaluated by operations of diffshape, which a TorchScript "
                "file would need to run"
            )
        buffer = io.BytesIO()
        torch.jit.save(traced, buffer)
    return buffer.getvalue()


def _onnx(framed: FramedField) -> bytes:
    missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"export: ONNX needs {' and '.join(missing)}; pip install {' '.join(missing)}")
    if torch.__version__ < "2.6":  # compares versions, not letters
        raise ImportError(f"export: ONNX needs torch 2.6 or later, got {torch.__version__}")
    module, points = _plain_module(framed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            (points,),
            dynamo=True,
            input_names=["points"],
            output_names=["distances"],
            dynamic_shapes={"points": {0: torch.export.Dim("n")}},
            opset_version=_OPSET,
            verbose=False,
        )
    assert program is not None
    return program.model_proto.SerializeToString()


class _Plain(torch.nn.Module):
    """A field as a module that is called for its ``plain`` values."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def forward(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        return self.field.plain(points)


def _plain_module(framed: FramedField) -> tuple[_Plain, Float[Tensor, "n 3"]]:
    """The field as a module on the CPU without gradients, and points to trace it with."""
    field = copy.deepcopy(framed.inner if _is_unmoved(framed) else framed).cpu().requires_grad_(False)
    parameter = next(field.parameters(), torch.empty(0))
    center = torch.tensor(framed.center, dtype=parameter.dtype)
    return _Plain(field).eval(), center + framed.scale * torch.linspace(-1, 1, 21, dtype=parameter.dtype).reshape(7, 3)


def _is_unmoved(framed: FramedField) -> bool:
    return framed.center == (0.0, 0.0, 0.0) and framed.scale == 1.0
