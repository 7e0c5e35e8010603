"""What the settings of the methods have in common. They need no torch, as a command line reads them."""

from dataclasses import dataclass, field

from diffshape.fitting.scans.config import ScanConfig


@dataclass(frozen=True, kw_only=True)
class MethodConfig:
    """Base of the settings of a method; which methods there are, and what they fit, stands in ``methods/table.py``."""


@dataclass(frozen=True, kw_only=True)
class ScanMethodConfig(MethodConfig):
    """Base of the settings of a method that fits a scan."""

    scan: ScanConfig | None = field(default_factory=ScanConfig)
    """How the scan is oriented, denoised and resampled, to start from the distance field of that; None: it is taken as
    it is, and the fit starts from a sphere."""
