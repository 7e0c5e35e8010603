"""Operators that PyTorch's compiler, tracers and fake tensors know, and that do not load its compiler when called.

``torch.library.custom_op`` imports ``torch._dynamo``, and SymPy with it, at the first call of an operator: a second of
work, only to keep the compiler away from the operator's own code. Here that happens once the compiler is loaded.
"""

import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import torch
from torch._library.infer_schema import infer_schema
from torch._ops import OpOverload

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Code of every operator, by its name."""


def operator(name: str) -> Callable[[Callable[..., Any]], OpOverload]:
    """Decorate a function of tensors and numbers, annotated as ``torch.library`` wants, which changes none of them.

    It becomes the operator "diffshape::name", to which ``torch.library.register_fake`` and ``register_autograd`` add
    what it has.

    >>> @operator("twice_of_the_example")
    ... def twice(x: torch.Tensor) -> torch.Tensor:
    ...     return 2 * x
    >>> twice(torch.ones(2))
    tensor([2., 2.])
    """

    def register(function: Callable[..., Any]) -> OpOverload:
        schema = infer_schema(function, mutates_args=())
        torch.library.define(f"diffshape::{name}", schema, tags=torch.Tag.pt2_compliant_tag)
        torch.library.impl(f"diffshape::{name}", "default", _untraced(function))
        FUNCTIONS[name] = function
        return getattr(torch.ops.diffshape, name).default

    return register


def _untraced(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which PyTorch's compiler does not look into if it is loaded."""

    @wraps(function)
    def run(*arguments: Any) -> Any:
        return (_disabled(function) if "torch._dynamo" in sys.modules else function)(*arguments)

    return run


@cache
def _disabled(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.compiler.disable(function)
