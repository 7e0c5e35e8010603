"""When work beside a run may be done, so that it takes a small share of the time whatever a piece of it costs."""


class Share:
    """Times of pieces of work that together take at most a share of the time.

    A piece is due once the share of the time that has passed covers all pieces before it and this one, which is
    expected to cost what the last one did.

    Args:
        share: Largest share of the time that the work takes, above 0 and below 1.
        least: Shortest pause between two pieces, in seconds.

    >>> share = Share(0.1, least=1.0)
    >>> share.begin(now=0.0, expected=2.0)
    >>> share.is_due(19.9), share.is_due(20.0)
    (False, True)
    """

    def __init__(self, share: float, least: float) -> None:
        self.share, self.least = share, least
        self._began, self._spent, self._expected, self._rested = float("inf"), 0.0, 0.0, 0.0

    def begin(self, now: float, expected: float) -> None:
        """Let the time run, with what the first piece is expected to cost."""
        self._began, self._expected, self._rested = now, expected, now + self.least

    def is_due(self, now: float) -> bool:
        """Whether a piece may be begun."""
        return now >= self._rested and self.share * (now - self._began) >= self._spent + self._expected

    def done(self, began: float, ended: float) -> None:
        """Hear of a piece of work."""
        self._expected = ended - began
        self._spent += self._expected
        self._rested = ended + self.least
