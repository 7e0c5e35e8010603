"""The list of methods: the settings of each, the kind of input it fits, and its task. Needs no torch.

A new method is a config, a task, a row here and a preset in ``fitting/presets.py``.
"""

import importlib
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, Union

from diffshape.fitting.methods.config import MeshMethodConfig, MethodConfig, ScanMethodConfig
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised

if TYPE_CHECKING:
    from diffshape.fitting.methods.task import FitTask

Fits: TypeAlias = Literal["scan", "mesh"]
"""Kinds of input: "scan", points without normals; "mesh", a surface whose true distances can be computed."""


class Method(NamedTuple):
    """One way to fit a field."""

    config: type[MethodConfig]
    """Class of the settings of the method."""
    fits: Fits
    """Kind of input that the method fits."""
    task: str
    """Place of the task of the method, "module:Class" in ``fitting.methods``; imported when a fit begins."""


METHODS = {
    "diffcd": Method(DiffCD, "scan", "diffcd_task:DiffCDTask"),
    "supervised": Method(Supervised, "mesh", "supervised_task:SupervisedTask"),
}
"""Methods by the names that files have for them."""
DEFAULT_METHODS: dict[Fits, str] = {"scan": "diffcd", "mesh": "supervised"}
"""Names of the methods that fit each kind of input unless another one is chosen."""
if TYPE_CHECKING:
    ScanMethod: TypeAlias = ScanMethodConfig
    MeshMethod: TypeAlias = MeshMethodConfig
else:  # one of the classes in the list, for a command line that is made from them
    ScanMethod, MeshMethod = (
        Union[tuple(method.config for method in METHODS.values() if method.fits == fits)]  # noqa: UP007
        for fits in ("scan", "mesh")
    )
METHOD_KINDS: dict[str, type[MethodConfig]] = {name: method.config for name, method in METHODS.items()}
"""Classes of settings, by the names that files have for their methods."""


def name_of(config: MethodConfig) -> str:
    """The name of the method with these settings.

    >>> name_of(DiffCD(batch=64))
    'diffcd'

    Raises:
        ValueError: The list has no such method.
    """
    for name, kind in METHOD_KINDS.items():
        if kind is type(config):
            return name
    known = ", ".join(kind.__name__ for kind in METHOD_KINDS.values())
    raise ValueError(f"method must be one of {known}, got {type(config).__name__}")


def fits_of(config: MethodConfig) -> Fits:
    """The kind of input that the method with these settings fits."""
    return METHODS[name_of(config)].fits


def task_class(config: MethodConfig) -> "type[FitTask]":
    """The task of the method with these settings."""
    module, _, name = METHODS[name_of(config)].task.partition(":")
    return getattr(importlib.import_module(f"diffshape.fitting.methods.{module}"), name)
