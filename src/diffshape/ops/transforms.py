"""How a function is being run: compiled or traced, or with derivatives by ``torch.func`` or dual numbers.

An operator with a derivative of its own knows the way backwards only: the transforms of ``torch.func`` refuse it, and
forward-mode differentiation would take its result for a constant. There every function here computes what its kernel
stands for by plain PyTorch, which knows all ways. And a call that nothing watches needs no operator: it may go straight
to its kernel.
"""

import torch
from torch import Tensor
from torch.autograd import forward_ad


def is_transformed(*tensors: Tensor) -> bool:
    """Whether a transform of ``torch.func`` is at work, or one of the tensors is a dual number.

    >>> one = torch.ones(1)
    >>> is_transformed(one), torch.func.grad(lambda x: x.sum() * is_transformed(x))(one)
    (False, tensor([1.]))
    """
    if torch.compiler.is_compiling():
        return False
    if torch._C._are_functorch_transforms_active():
        return True
    return forward_ad._current_level >= 0 and any(
        forward_ad.unpack_dual(tensor).tangent is not None for tensor in tensors
    )


def is_unobserved(*tensors: Tensor) -> bool:
    """Whether nothing but ``backward`` will ask how a result came about: no compiler, transform, mode or subclass.

    >>> is_unobserved(torch.ones(1)), torch.func.grad(lambda x: x.sum() * is_unobserved(x))(torch.ones(1))
    (True, tensor([0.]))
    """
    return (
        not torch.compiler.is_compiling()
        and torch._C._len_torch_dispatch_stack() == 0
        and not torch.jit.is_tracing()
        and all(type(tensor) in (Tensor, torch.nn.Parameter) for tensor in tensors)
        and not is_transformed(*tensors)
    )
