import pytest
import torch

from diffshape.ops.eval_mode import eval_mode


class Refusal(torch.nn.Module):
    """A module whose evaluation fails and tells the modes of its parts."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(1, 1).eval(), torch.nn.Dropout())

    def evaluated(self):
        with eval_mode(self):
            raise RuntimeError(str([part.training for part in self.modules()]))


def test_each_part_gets_its_mode_back_after_an_error_too():
    module = Refusal()
    before = [part.training for part in module.modules()]
    with pytest.raises(RuntimeError, match=r"\[False, False, False, False\]"):
        module.evaluated()
    assert [part.training for part in module.modules()] == before == [True, True, False, True]
