"""Where compiled CPU kernels are kept."""

from diffshape.kernels.numba_morton import morton_order


def kernel_folder() -> str | None:
    """Folder of the compiled kernels, found as Numba finds it for one of them; None where none can be kept."""
    return morton_order._cache.cache_path
