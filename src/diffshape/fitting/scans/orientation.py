"""How reliable the orientation of a scan is."""

from dataclasses import dataclass

from torch import Tensor

from diffshape._reprs import one_line
from diffshape.ops.orientation.orient_points import OrientedPoints


@dataclass(frozen=True)
class OrientationTrust:
    """Measures of how reliable an orientation is: three shares of the points, 0 at best, and a volume."""

    unseen: float
    """Share of points that no direction sees; their side was inferred from that of the others."""
    overruled: float
    """Share of points whose normal turned away from the directions that see them."""
    undecided: float
    """Share of points without the inside behind them and the outside before them, as ``OrientedPoints.decided``."""
    volume: float
    """Volume that the points enclose, in the unit of the points cubed; about 0 if the cloud has no inside."""

    __repr__ = one_line

    @property
    def reliable(self) -> bool:
        """Whether the orientation encloses a volume, and most points agree with it."""
        return self.volume > 1e-4 and self.undecided < 0.5


def trust_in(oriented: OrientedPoints, volume: float) -> OrientationTrust:
    """The trust in normals that were found, which enclose ``volume``."""
    seen = oriented.seen_from
    return OrientationTrust(
        unseen=_share((seen == 0).all(dim=1)),
        overruled=_share((seen * oriented.normals).sum(dim=1) < 0),
        undecided=_share(~oriented.decided),
        volume=volume,
    )


def _share(mask: Tensor) -> float:
    return float(mask.double().mean())
