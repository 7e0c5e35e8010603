"""Measure and learn 3D shape by gradient descent, on PyTorch.

    import diffshape
    diffshape.losses.chamfer_distance(x, y)

Importing it is quick: each of its packages loads when it is first used.

Floors, lowest first; each imports only those below it: ``kernels`` (device code), ``ops`` (differentiable primitives),
``losses``, then ``fields`` / ``data``, ``metrics``, ``training``, ``fitting`` / ``models``, ``batch`` / ``report``,
``cli``.
"""

from diffshape._lazy import lazy_names

__version__ = "0.1.0.dev0"
__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
