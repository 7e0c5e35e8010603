"""A run's own random numbers: torch's global generators stand where they stood when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from diffshape._arguments import checked
from diffshape._bounds import check_seed
from diffshape.training.device import chosen_device


@contextmanager
@checked
def own_randomness(device: torch.device | str = "cpu", *, seed: int | None = None) -> Iterator[None]:
    """While entered, torch's global generators of CPU and ``device`` may be seeded; afterwards they are as before.

    Args:
        device: Device of the computation; the generator of a CUDA device is kept and seeded too.
        seed: Seed to begin with; None leaves the generators where they stand.

    >>> before = torch.get_rng_state()
    >>> with own_randomness(seed=3):
    ...     _ = torch.rand(5)
    >>> torch.equal(torch.get_rng_state(), before)
    True
    """
    kind = chosen_device(device, argument="own_randomness: device")
    if seed is not None:
        check_seed("own_randomness: seed", seed)
    cuda = [torch.cuda.current_device() if kind.index is None else kind.index] if kind.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        if seed is not None:
            torch.random.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU as well
            for index in cuda:
                torch.cuda.default_generators[index].manual_seed(seed)
        yield
