"""Rule by which one of many fits stops early. Needs no torch, so that a command line can read it quickly."""

from dataclasses import dataclass

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class StopRule:
    """Rule by which a shape stops: by its own error, the mean |f - s| at points near its surface kept out of training.

    That is the MAE near the surface of ``metrics.FieldScore``, in the frame where the longest side is 2.
    """

    error: float | None = None
    """Error at or below which a shape stops; None: no bound."""
    patience: int | None = None
    """Number of checks in a row without an error 1 % below the best before, after which a shape stops; None: no
    limit."""
    every: int = 100
    """Number of steps between checks."""
    points: int = 4096
    """Number of points kept out of training."""

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
