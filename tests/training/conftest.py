"""A small task to train in the tests of the loop."""

import pytest
import torch
from torch import Tensor, nn

from diffshape.losses import LossTerms
from diffshape.training import Task


class Regression(Task):
    """Fit sin(3 x) from batches drawn by its own generator, with dropout drawn from the global one.

    ``on_step`` is called with the step before the loss is made and may return a factor for the loss.
    """

    def __init__(self, *, seed: int = 0, dtype: torch.dtype = torch.float32, on_step=None):
        torch.manual_seed(seed)
        layers = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.BatchNorm1d(16), nn.Dropout(0.1), nn.Linear(16, 1))
        self.modules = {"net": layers.to(dtype), "scale": nn.ParameterDict({"scale": torch.ones(1, dtype=dtype)})}
        self.generator = torch.Generator().manual_seed(seed)
        self.pool = torch.zeros(32, 1, dtype=dtype)
        self.on_step = on_step
        self.progress: list[float] = []

    def loss(self, step: int, progress: float) -> LossTerms:
        factor = self.on_step(step) if self.on_step else None
        self.progress.append(progress)
        if step % 7 == 0:  # a pool that outlives steps, as level-set samples do
            self.pool = torch.rand(self.pool.shape, generator=self.generator, dtype=self.pool.dtype) * 2 - 1
        error = self.modules["net"](self.pool) * self.modules["scale"]["scale"] - torch.sin(3 * self.pool)
        fit, size = error.square().mean(), 1e-3 * self.modules["scale"]["scale"].square().sum()
        return LossTerms((fit + size) * (1 if factor is None else factor), {"fit": fit, "size": size})

    def state(self) -> dict[str, Tensor]:
        return {"generator": self.generator.get_state(), "pool": self.pool}

    def load_state(self, state: dict[str, Tensor]) -> None:
        self.generator.set_state(state["generator"])
        self.pool = state["pool"].clone()

    def tensors(self) -> dict[str, Tensor]:
        """Everything trained or kept."""
        weights = {f"{name}.{key}": v for name, m in self.modules.items() for key, v in m.state_dict().items()}
        return {**weights, **self.state()}


@pytest.fixture
def regression() -> type[Regression]:
    """The class, so that a test makes as many as it wants."""
    return Regression
