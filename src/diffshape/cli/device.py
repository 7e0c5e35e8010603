"""Where a command computes, and on how many threads."""


def chosen_device(name: str) -> str:
    """The device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ValueError: cuda is asked for and there is none.
    """
    from diffshape.training.device import chosen_device as chosen

    return str(chosen(name, argument="--device"))


def use_threads(number: int | None) -> None:
    """Let torch use ``number`` threads; Numba's kernels follow it. None leaves its own choice."""
    import torch

    if number is not None:
        torch.set_num_threads(number)
