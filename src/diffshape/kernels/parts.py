"""Functions that only kernels call: code that is linked into theirs, and optimised and made machine code there, once.

Numba does both for every function by itself, then again for each that calls it, up to the one that Python calls; and it
gives each an entry from Python, with the unpacking of its arguments. Here the kernel of a loop is optimised twice, as
few loops are vectorised before the loops within them are unrolled; and so is a function whose sums may be taken in
another order (fastmath), such that who calls it makes no difference to its results.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class Part(JITCodeLibrary):
    """Code of a function and of all that it calls, without machine code."""

    def finalize(self) -> None:
        """Take in the code of what is called; nothing can be added afterwards."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    def optimize(self) -> None:
        """Optimise it by itself, before it is linked into others."""
        self._optimize_final_module()

    def get_pointer_to_function(self, name: str) -> int:
        """No address, as with any function that Python cannot call."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """Where Numba writes a function's environment, which code that Python never enters does not read."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Write nothing: there is no machine code that would read it."""


@register_pass(mutates_CFG=True, analysis_only=False)
class LowerPart(NativeLowering):
    """Numba's last pass, into a `Part`."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower a function."""
        state.library = Part(state.targetctx.codegen(), state.func_id.func_qualname)
        changed = super().run_pass(state)
        if state.flags.fastmath:
            state.library.optimize()
        return changed


class PartCompiler(Compiler):
    """Numba's compiler of functions that only kernels call."""

    def define_pipelines(self) -> list[Any]:
        """Numba's passes, the last of them `LowerPart`."""
        (manager,) = super().define_pipelines()
        manager.passes = [(LowerPart if each is NativeLowering else each, name) for each, name in manager.passes]
        manager.finalize()
        return [manager]
