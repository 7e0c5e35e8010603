"""Evaluation of a module without dropout, whatever mode it is in."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def eval_mode(module: torch.nn.Module) -> Iterator[None]:
    """The module and all its parts are in evaluation mode within, and each in its own mode again afterwards.

    >>> layers = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Dropout().eval())
    >>> with eval_mode(layers):
    ...     [layers.training, layers[0].training]
    [False, False]
    >>> [layers.training, layers[0].training, layers[1].training]
    [True, True, False]
    """
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
