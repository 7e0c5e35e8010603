"""When one of many fits has learnt enough. Needs no torch, so that a command line can read it quickly."""

from dataclasses import dataclass

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class StopRule:
    """A shape stops by its own error: the mean |f - s| at points near its surface that are kept out of training.

    That is the MAE near the surface of ``metrics.FieldScore``, in the frame where the longest side is 2.
    """

    error: float | None = None
    """It stops once the error is at most this; None: no bound."""
    patience: int | None = None
    """It stops when so many checks in a row were not 1 % below the best before; None: however many."""
    every: int = 100
    """Steps between checks."""
    points: int = 4096
    """Points kept out."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.error is None and self.patience is None:
            raise ValueError("StopRule: give error or patience or both; with neither nothing ever stops")
        if self.error is not None and not self.error > 0:
            raise ValueError(f"StopRule: error must be positive or None, got {self.error}")
        if min(self.every, self.points, 1 if self.patience is None else self.patience) < 1:
            raise ValueError(
                "StopRule: patience, every and points must be at least 1, got "
                f"{self.patience}, {self.every} and {self.points}"
            )
