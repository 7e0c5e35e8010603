"""Whether derivatives are taken in another way than by ``backward``: by ``torch.func`` or with dual numbers.

An operator with a derivative of its own knows the way backwards only: the transforms of ``torch.func`` refuse it, and
forward-mode differentiation would take its result for a constant. There every function here computes what its kernel
stands for by plain PyTorch, which knows all ways.
"""

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual


def is_transformed(*tensors: Tensor) -> bool:
    """Whether a transform of ``torch.func`` is at work, or one of the tensors is a dual number.

    >>> one = torch.ones(1)
    >>> is_transformed(one), torch.func.grad(lambda x: x.sum() * is_transformed(x))(one)
    (False, tensor([1.]))
    """
    if torch.compiler.is_compiling():
        return False
    active = torch._C._are_functorch_transforms_active()
    return active or any(unpack_dual(tensor).tangent is not None for tensor in tensors)
