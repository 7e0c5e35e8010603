"""What generators of codes learn from: the codes that an autoencoder gives to shapes."""

from typing import Any, NamedTuple, TypeGuard

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import check
from diffshape.data import ShapeSet

_NEEDED = ("codes_of", "decode_codes", "save")


class CodedShapes(NamedTuple):
    """An autoencoder, and shapes whose codes a generator learns."""

    autoencoder: Any
    """Any trained model with ``codes_of``, ``decode_codes`` and ``save``."""
    shapes: ShapeSet
    """Shapes in the form that it reads."""


def is_autoencoder(model: object) -> TypeGuard[nn.Module]:
    """Whether a model has codes of shapes, and shapes of codes."""
    return isinstance(model, nn.Module) and all(hasattr(model, each) for each in _NEEDED)


def codes_to_learn(name: str, examples: Any) -> tuple[nn.Module, Float[Tensor, "s c"]]:
    """The autoencoder of the examples, and the codes of their shapes, without gradients.

    Args:
        name: Public function that was called, for errors.
        examples: ``CodedShapes``, or a tuple of an autoencoder and shapes.

    Raises:
        TypeError: The autoencoder has no codes, or the shapes are not a ``ShapeSet``.
        ValueError: There is no shape, shapes are not known in the form that the autoencoder reads, or codes are not
            finite.
    """
    if not isinstance(examples, tuple) or len(examples) != 2:
        raise TypeError(f"{name}: the data must be an autoencoder and the shapes whose codes are learnt, both")
    autoencoder, shapes = examples
    if not is_autoencoder(autoencoder):
        raise TypeError(
            f"{name}: autoencoder must be a trained model with codes_of and decode_codes, such as a PointNetModel, "
            f"got a {type(autoencoder).__name__}"
        )
    check(f"{name}: shapes", ShapeSet, shapes)
    with torch.no_grad():
        codes = autoencoder.codes_of(shapes).detach().float()  # type: ignore[operator]
    if not bool(codes.isfinite().all()):
        raise ValueError(f"{name}: the autoencoder must give finite codes to all shapes, some are not")
    return autoencoder, codes
