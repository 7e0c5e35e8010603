"""Measure and learn 3D shape by gradient descent, on PyTorch.

    from diffshape import losses, metrics, ops, fields, fitting, data

Floors, lowest first; each imports only those below it: ``kernels`` (device code), ``ops`` (differentiable primitives),
``losses``, then ``fields`` / ``data`` / ``metrics``, ``training``, ``fitting`` / ``models``, ``batch`` / ``report``,
``cli``.
"""

__version__ = "0.1.0.dev0"
