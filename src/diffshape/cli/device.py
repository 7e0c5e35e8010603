"""Where a command computes, and on how many threads."""


def chosen_device(name: str) -> str:
    """The device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ValueError: cuda is asked for and there is none.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: torch finds no GPU here; use --device cpu, or install torch with CUDA")
    return "cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu"


def use_threads(number: int | None) -> None:
    """Let torch use ``number`` threads; Numba's kernels follow it. None leaves its own choice."""
    import torch

    if number is not None:
        torch.set_num_threads(number)
