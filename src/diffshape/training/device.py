"""Device of a fit or a training: the one place that turns "auto" into a device, or says that there is none."""

from typing import Any

import torch


def chosen_device(device: Any, *, argument: str) -> torch.device:
    """The device that ``device`` names.

    Args:
        device: "auto", a GPU if torch finds one, else the CPU; or "cpu", "cuda", "cuda:1", a ``torch.device``.
        argument: Name of the argument in errors, such as "fit_points: device".

    Raises:
        ValueError: It names no device, or one that is not here.

    >>> chosen_device("cpu", argument="fit_points: device")
    device(type='cpu')
    """
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if gpu_found() else "cpu")
    wanted = f'{argument} must be "auto", "cpu", "cuda" or a torch.device, got {device!r}'
    if not isinstance(device, (str, torch.device)):
        raise ValueError(wanted)
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ValueError(wanted) from None
    if chosen.type == "meta":
        raise ValueError(wanted)
    try:
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ValueError(
            f'{argument} is "{chosen}", and torch {torch.__version__} finds none here; use "cpu", or "auto", which '
            "takes what there is"
        ) from None
    return chosen


def gpu_found() -> bool:
    """Whether "auto" is a GPU."""
    return torch.cuda.is_available()
