"""Packages whose public names load on first use, so that ``diffshape fit --help`` never imports torch."""

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """A package in which a file may have the name of the function that it defines, as ``fit_points.py`` has.

    Importing a file binds its name in the package; a public name stays what the list of public names says.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        is_hidden = isinstance(value, ModuleType) and name in self.__dict__.get("_elsewhere", ())
        if not is_hidden:
            super().__setattr__(name, value)


def lazy_names(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The ``__getattr__``, ``__dir__`` and ``__all__`` of a package (PEP 562), from the stub beside its ``__file__``.

    The stub, ``__init__.pyi``, is the one list of its public names, as ``from package.module import name as name``:
    type checkers and editors read it as it is, and here it says where each name is to be found.
    """
    stub = Path(file).with_suffix(".pyi").read_text(encoding="utf-8")
    home = {name: module for module, name in re.findall(r"^from (\S+) import (\w+) as \2$", stub, re.MULTILINE)}
    public = sorted(home)
    module = sys.modules[package]
    module._elsewhere = frozenset(name for name, place in home.items() if place != package)  # type: ignore[attr-defined]
    module.__class__ = LazyPackage

    def load(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if home[name] == package:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(home[name]), name)

    return load, lambda: public, public
