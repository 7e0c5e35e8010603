import inspect
from types import GenericAlias

import pytest
from torch import Tensor
from torch._library.custom_ops import OPDEFS

import diffshape.losses
import diffshape.ops

OPERATORS = {name: each for name, each in OPDEFS.items() if name.startswith("diffshape::")}


def test_the_operators_of_losses_and_operations_are_found():
    assert diffshape.losses.chamfer_distance
    assert diffshape.ops.hash_encode
    assert {"diffshape::nearest_pairs", "diffshape::hash_encode", "diffshape::check_values"} <= OPERATORS.keys()


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_parameters_have_types_that_the_oldest_torch_takes(name):
    """That of 2.4 knows ``typing.Sequence[int]``, and neither ``list[int]`` nor the sequence of ``collections.abc``."""
    parameters = inspect.signature(OPERATORS[name]._init_fn).parameters.values()
    assert Tensor in [each.annotation for each in parameters]
    assert not [each.name for each in parameters if isinstance(each.annotation, GenericAlias)]
