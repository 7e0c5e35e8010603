import math

import pytest
import torch

from diffshape.ops.landmarks.spine_geometry import angles_between


@pytest.mark.parametrize("size", [1e-37, 1e-20, 1.0, 1e30])
def test_angles_and_their_gradient_do_not_depend_on_the_unit(size):
    first, second = torch.tensor([3.0, 4.0]) * size, torch.tensor([-4.0, 3.0]) * size
    first.requires_grad_()
    angle = angles_between(first, second)
    angle.backward()
    assert angle.item() == pytest.approx(math.pi / 2)
    assert (first.grad * size).tolist() == pytest.approx([0.16, -0.12])
