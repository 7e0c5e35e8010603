"""Settings that several methods have in common. They need no torch, as a command line reads them."""

from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from diffshape.fitting.scans.config import ScanConfig

Config = TypeVar("Config", bound="MethodConfig")
ScanConfigured = TypeVar("ScanConfigured", bound="ScanMethodConfig")


@dataclass(frozen=True, kw_only=True)
class MethodConfig:
    """Base of the settings of a method; the list of methods, and what each fits, is ``methods/table.py``."""


@dataclass(frozen=True, kw_only=True)
class ScanMethodConfig(MethodConfig):
    """Base of the settings of a method that fits a scan."""

    scan: ScanConfig | None = field(default_factory=ScanConfig)
    """Preparation of the scan: it is oriented, denoised and resampled, and the fit starts from the distance field of
    the result. None: the points are taken as they are, and the fit starts from a sphere."""

    def unprepared(self: ScanConfigured) -> ScanConfigured:
        """These settings for points that are taken as they are; weights that need a preparation become 0."""
        return replace(self, scan=None)


@dataclass(frozen=True, kw_only=True)
class MeshMethodConfig(MethodConfig):
    """Base of the settings of a method that fits a mesh."""

    normalization: Literal["longest-side", "diagonal"] = "longest-side"
    """How the mesh is scaled: longest-side makes its longest side 2, diagonal puts it into the ball of radius 0.95."""


def method_of(kind: type[Config], method: MethodConfig) -> Config:
    """The settings of a method, known to be of a class.

    Args:
        kind: The class, or a base of those that will do, such as ``ScanMethodConfig``.
        method: Settings of any method.

    Raises:
        ValueError: They are of another class.
    """
    if not isinstance(method, kind):
        raise ValueError(f"method must be a {kind.__name__}, got {type(method).__name__}")
    return method
