"""How every CPU kernel is compiled: without the GIL, at its first use, and kept on disk where there is a place for it.

What Python calls is compiled to machine code; a function that a kernel calls is a part of it (`parts`), optimised with
it. Much of the time that compiling takes is Numba's own, in Python, and grows with the number of functions. So a
function is compiled once for all numbers that are written in a call of it, and without an entry for C. In kernels, a
copy of an array into a slice of another, which drags in the formatting of its error message, is written as a loop.

What was compiled is kept in ``NUMBA_CACHE_DIR``, or beside the package, or in the user's cache folder: the first that
can be written, or that was filled by somebody who could. Without one, or on a full disk, each process compiles anew.
Parts are not kept: a process that compiles another kernel of theirs compiles them again.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numba
from numba.core import event, types
from numba.core.caching import FunctionCache

from diffshape.kernels.compile_notice import CompileNotice
from diffshape.kernels.parts import PartCompiler

event.register("numba:compile", CompileNotice())


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorate a kernel, as ``@compiled`` or with options of ``numba.njit``: ``@compiled(inline="always")``."""
    if function is None:
        return partial(compiled, **options)
    options |= {"nogil": True, "no_cfunc_wrapper": True}
    kernel: Any = numba.njit(**options)(function)
    if kernel is not function:  # as it is with NUMBA_DISABLE_JIT, which leaves kernels to Python
        options |= {"no_cpython_wrapper": True, "pipeline_class": PartCompiler}
        kernel.part = numba.njit(**options)(function)
        kernel.get_call_template = _for_any_number(kernel.part.get_call_template)
        kernel.get_overload = kernel.part.get_overload
        try:
            kernel._cache = KernelCache(function)
        except RuntimeError:  # no folder can be written
            _warn_once()
    return kernel


def _for_any_number(find: Callable[..., Any]) -> Callable[..., Any]:
    """How a kernel finds its code when another calls it, such that 0 in a call is an integer, not a type of its own."""
    return lambda args, kws: find(
        tuple(map(types.unliteral, args)), {name: types.unliteral(kind) for name, kind in kws.items()}
    )


def _or_filled(locator: type) -> type:
    """A place of Numba's caches that is also taken where it cannot be written, if compiled code is in it already."""

    class Locator(locator):
        def ensure_cache_path(self) -> None:
            try:
                super().ensure_cache_path()
            except OSError:
                if not any(Path(self.get_cache_path()).glob("*.nbi")):
                    raise

    return Locator


class _Places(FunctionCache._impl_class):
    """Where caches are: in Numba's places."""

    _locator_classes = tuple(map(_or_filled, FunctionCache._impl_class._locator_classes))


class KernelCache(FunctionCache):
    """Numba's cache of one function, which may be read-only, on a disk that may become full."""

    _impl_class = _Places

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; if that cannot be written, it serves this process all the same."""
        try:
            super().save_overload(sig, data)
        except OSError:
            _warn_once()


@lru_cache(maxsize=1)
def _warn_once() -> None:
    warnings.warn(
        "diffshape: compiled kernels cannot be kept, as no cache folder can be written, and each process compiles them "
        "again, which takes up to half a minute; set NUMBA_CACHE_DIR to a folder that can be written",
        stacklevel=2,
    )
