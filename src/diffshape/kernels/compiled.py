"""How every CPU kernel is compiled: without the GIL, at its first use, and kept on disk where there is a place for it.

Numba keeps what it compiled in ``NUMBA_CACHE_DIR``, or beside the package, or in the user's cache folder, whichever it
can write to first. In a container that has none of them, or on a full disk, each process compiles anew.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numba
from numba.core import event
from numba.core.caching import FunctionCache

from diffshape.kernels.compile_notice import CompileNotice

event.register("numba:compile", CompileNotice())


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorate a kernel, as ``@compiled`` or with options of ``numba.njit``: ``@compiled(inline="always")``."""
    if function is None:
        return partial(compiled, **options)
    kernel: Any = numba.njit(nogil=True, **options)(function)
    if kernel is not function:  # as it is with NUMBA_DISABLE_JIT, which leaves kernels to Python
        try:
            kernel._cache = KernelCache(function)
        except RuntimeError:  # no folder can be written
            _warn_once()
    return kernel


class KernelCache(FunctionCache):
    """Numba's cache of one function, on a disk that may become full."""

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
