"""Base of the tasks that draw at random from a scan: the scan, the box around it, and random streams of their own."""

from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.config import ScanMethodConfig
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.targets.scan_target import ScanTarget

Method = TypeVar("Method", bound=ScanMethodConfig)


class StreamedTask(FitTask, Generic[Method]):
    """Fits ``field`` to a scan by random draws, whose streams a checkpoint keeps."""

    streams: ClassVar[tuple[str, ...]]
    """Names of the random streams, in the order of their seeds."""

    def __init__(self, field: Field, target: ScanTarget, method: Method, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.method, self.scan, self.bounds = method, target, target.box(field)
        self.generators = {
            name: torch.Generator().manual_seed(len(self.streams) * seed + stream)
            for stream, name in enumerate(self.streams)
        }

    def uniform(self, count: int, stream: str) -> Tensor:
        """Uniform points of the box."""
        low, high = self.bounds
        return torch.rand(count, 3, generator=self.generators[stream]) * (high - low) + low

    def state(self) -> dict[str, Tensor]:
        """The random streams."""
        return {f"random_{name}": generator.get_state() for name, generator in self.generators.items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        for name, generator in self.generators.items():
            generator.set_state(state[f"random_{name}"])
