"""When work beside a run may be done, so that it takes a small share of the time whatever a piece of it costs."""


class Share:
    """Times of pieces of work, each so long after the one before that all take at most a share of the time.

    A piece that took c seconds is followed by a pause of c (1 - share) / share seconds, or ``least`` if that is longer.

    Args:
        share: Largest share of the time that the work takes, above 0 and below 1.
        least: Shortest pause, in seconds.

    >>> share = Share(0.1, least=1.0)
    >>> share.done(began=10.0, ended=12.0)
    >>> share.is_due(29.9), share.is_due(30.0)
    (False, True)
    """

    def __init__(self, share: float, least: float) -> None:
        self.share, self.least = share, least
        self._due = float("-inf")

    def is_due(self, now: float) -> bool:
        """Whether a piece may be begun."""
        return now >= self._due

    def expect(self, now: float, cost: float) -> None:
        """Put the first piece off until the time before it, from ``now`` on, outweighs what it is expected to cost."""
        self._due = now + max(self.least, cost * (1 - self.share) / self.share)

    def done(self, began: float, ended: float) -> None:
        """Hear of a piece of work."""
        self.expect(ended, ended - began)
