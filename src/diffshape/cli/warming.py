"""``diffshape info --warm``: the CPU kernels that the verbs need, compiled with a line for each part."""

from time import perf_counter

from diffshape.batch.kernel_work import KERNEL_WORK
from diffshape.cli.errors import DONE
from diffshape.ops.kernel_folder import kernel_folder


def warm() -> int:
    """Compile, and say how long each part took and where the kernels are kept.

    Raises:
        OSError: Nothing that is compiled could be kept.
    """
    folder, begin = kernel_folder(), perf_counter()
    if folder is None:
        raise OSError("info --warm: no folder for compiled kernels can be written; set NUMBA_CACHE_DIR to one that can")
    for number, (use, part) in enumerate(KERNEL_WORK.items(), start=1):
        print(f"{number} of {len(KERNEL_WORK)}  {use}", end=" ", flush=True)
        start = perf_counter()
        part()
        print(f"{perf_counter() - start:.1f} s", flush=True)
    print(f"compiled in {perf_counter() - begin:.1f} s, kept in {folder}")
    return DONE
