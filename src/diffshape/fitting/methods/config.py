"""Settings that several methods have in common. They need no torch, as a command line reads them."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, TypeAlias, TypeVar

from diffshape._bounds import check_number, check_whole
from diffshape._typed import check_settings
from diffshape.fitting.scans.config import ScanConfig

Normals: TypeAlias = Literal["given", "estimated", "none"]
"""Normals that a method uses: those that come with a scan, those that are estimated from its points, or none."""
Config = TypeVar("Config", bound="MethodConfig")
ScanConfigured = TypeVar("ScanConfigured", bound="ScanMethodConfig")


@dataclass(frozen=True, kw_only=True)
class MethodConfig:
    """Base of the settings of a method; the list of methods, and what each fits, is ``methods/table.py``."""


@dataclass(frozen=True, kw_only=True)
class ScanMethodConfig(MethodConfig):
    """Base of the settings of a method that fits a scan."""

    closed_form: ClassVar[bool] = False
    """Whether a field may find the surface of a prepared scan in closed form, which no objective then trains."""

    scan: ScanConfig | None = field(default_factory=ScanConfig)
    """Preparation of the scan: it is oriented, denoised and resampled, and the fit starts from the distance field of
    the result. None: the points are taken as they are, and the fit starts from a sphere."""

    @property
    def raw_normals(self) -> Normals:
        """Normals that the method wants of points that are taken as they are."""
        return "none"

    def unprepared(self: ScanConfigured) -> ScanConfigured:
        """These settings for points that are taken as they are; weights that need a preparation become 0."""
        return replace(self, scan=None)


@dataclass(frozen=True, kw_only=True)
class NormalsMethodConfig(ScanMethodConfig):
    """Base of the settings of a published method that takes the points of a scan as they are, with normals or
    without."""

    scan: ScanConfig | None = None
    """Preparation of the scan: it is oriented, denoised and resampled, and its normals are used. None, as published:
    the points are taken as they are, and the fit starts from the initial surface of the field."""
    normals: Normals = "given"
    """Normals of the points: given, those of the scan if it has them; estimated, those of the planes through the 16
    nearest points, turned outside by this library; none, the term of the normals is left out."""

    @property
    def raw_normals(self) -> Normals:
        """Normals that the method wants of points that are taken as they are."""
        return self.normals


@dataclass(frozen=True, kw_only=True)
class StartedMethodConfig(ScanMethodConfig):
    """Base of the settings of a method that lets a field learn the distances of a prepared scan first."""

    batch: int = 4096
    """Number of points of the scan in a step."""
    start: float = 0.75
    """Share of the steps, from 0 to below 1, in which the field learns the distances of the prepared scan; such a step
    costs a third of a later one. Without a preparation there are none."""
    learning_rate: float = 5e-3
    """Learning rate of Adam."""
    schedule: Literal["exponential", "warmup-cosine", "halving"] = "exponential"
    """Schedule of the learning rate: exponential, a decay to 0.5 % over the fit; warmup-cosine, up over the first 2.5 %
    of the fit and down to 0 along a half cosine, as published for DiffCD; halving, by half after every 2 % of the fit,
    as published for IGR."""

    def __post_init__(self) -> None:
        check_settings(self)
        name = type(self).__name__
        check_whole(f"{name}: batch", self.batch, 1)
        check_number(f"{name}: learning_rate", self.learning_rate, 0, above=True)
        if not 0 <= self.start < 1:
            raise ValueError(f"{name}: start is a share of the steps in [0, 1), got {self.start}")


@dataclass(frozen=True, kw_only=True)
class SampledMethodConfig(StartedMethodConfig):
    """Base of the settings of a method that draws points of a scan, and eikonal samples near them and anywhere."""

    local_samples: float = 1.0
    """Number of eikonal samples near the scan, for each point of the batch."""
    local_scale: float = 0.2
    """Standard deviation of the eikonal samples near a point of the scan, in distances to its 50th neighbour."""
    global_samples: float = 0.125
    """Number of eikonal samples anywhere in the box, for each point of the batch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        for setting in ("local_samples", "global_samples"):
            check_number(f"{name}: {setting}", getattr(self, setting), 0)
        check_number(f"{name}: local_scale", self.local_scale, 0, above=True)


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
