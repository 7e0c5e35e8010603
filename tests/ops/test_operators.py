import inspect
import subprocess
import sys
from types import GenericAlias

import pytest
from torch import Tensor

import diffshape.losses
import diffshape.ops
from diffshape.ops.operators import FUNCTIONS

CALLS = """
import sys, torch
from diffshape import losses, ops
points, voxels = torch.rand(9, 4, requires_grad=True), torch.rand(2, 4, 4, 4)
losses.voxel_cross_entropy(voxels, voxels.round())
ops.nearest_neighbors(points, points.detach())
print([name for name in ("torch._dynamo", "sympy", "triton") if name in sys.modules])
"""


def test_the_operators_of_losses_and_operations_are_found():
    assert diffshape.losses.chamfer_distance
    assert diffshape.ops.hash_encode
    assert {"nearest_pairs", "hash_encode", "check_values"} <= FUNCTIONS.keys()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_parameters_have_types_that_the_oldest_torch_takes(name):
    """That of 2.4 knows ``typing.Sequence[int]``, and neither ``list[int]`` nor the sequence of ``collections.abc``."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    assert Tensor in [each.annotation for each in parameters]
    assert not [each.name for each in parameters if isinstance(each.annotation, GenericAlias)]


def test_operators_do_not_load_the_compiler():
    done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
