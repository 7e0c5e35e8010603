"""Settings of the fits of a scan by a network of sines: SIREN, DiGS and StEik. They need no torch, as a command line
reads them.

The three have one objective and differ in its last term, and in weights and sampling. Their lengths are those of the
published codes, in which half the longest side of a shape is 1.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from diffshape._bounds import check_number, check_whole
from diffshape._typed import check_settings
from diffshape.fitting.methods.config import Normals, NormalsMethodConfig

Divergence = Literal["none", "laplacian", "directional"]
"""Kinds of the term of second derivatives."""


@dataclass(frozen=True, kw_only=True)
class Siren(NormalsMethodConfig):
    """SIREN: a field that is 0 at the points of the scan, far from 0 elsewhere, of slope 1 and along the normals.

    L = a mean |f(p)| + b mean exp(-100 |f(x)|) + c mean |1 - |grad f|| + d mean (1 - cos(grad f(p), n))

    Points p of the scan have normals n; points x lie anywhere in the box; the slope is held to 1 at both. Lengths are
    those of the published code, in which half the longest side of the shape is 1. That code takes its means over p and
    x together, which halves all but the third term: its weights 3000, 100, 50 and 100 are 1500, 50, 50 and 50 here,
    where every term is the mean over its own points. Without normals the last term is left out, and nothing but the
    field's start tells inside from outside. The defaults are fast settings for a small network of sines;
    ``preset("paper", "siren")`` has the published network, sampling and optimiser. Source: Sitzmann, Martel, Bergman,
    Lindell, Wetzstein, Implicit Neural Representations with Periodic Activation Functions, NeurIPS 2020.
    """

    divergence: ClassVar[Divergence] = "none"
    """Term of second derivatives that the method has."""

    points_weight: float = 1500.0
    """Weight a of the points p of the scan, mean |f(p)|."""
    off_weight: float = 50.0
    """Weight b of surface away from the points, mean exp(-100 |f(x)|) over points x anywhere in the box."""
    eikonal_weight: float = 50.0
    """Weight c of the slope, mean |1 - |grad f|| over all points of a step."""
    normal_weight: float = 50.0
    """Weight d of the normals n, mean (1 - cos(grad f(p), n)) over the points whose normal is known."""
    batch: int = 1400
    """Number of points of the scan in a step."""
    off_batch: int = 1400
    """Number of points anywhere in the box in a step."""
    learning_rate: float = 1e-3
    """Learning rate of Adam at the start."""
    final: float = 0.01
    """Share of the learning rate at the end, reached by exponential decay; 1 keeps it as it is, as published."""
    clip: float | None = 1.0
    """Largest norm of the gradient of all weights, to which a larger one is scaled down; None: gradients stay as they
    are."""

    def __post_init__(self) -> None:
        check_settings(self)
        name = type(self).__name__
        for setting in ("points_weight", "off_weight", "eikonal_weight", "normal_weight"):
            check_number(f"{name}: {setting}", getattr(self, setting), 0)
        for setting in ("batch", "off_batch"):
            check_whole(f"{name}: {setting}", getattr(self, setting), 1)
        check_number(f"{name}: learning_rate", self.learning_rate, 0, above=True)
        check_number(f"{name}: final", self.final, 0, 1, above=True)
        if self.clip is not None:
            check_number(f"{name}: clip", self.clip, 0, above=True)


@dataclass(frozen=True, kw_only=True)
class DiGS(Siren):
    """DiGS: the objective of SIREN for points without normals, with a divergence that is held small early in the fit.

    L = a mean |f(p)| + b mean exp(-100 |f(x)|) + c mean |1 - |grad f|| + e(t) mean clamp(|tr H f(x)|, 0.1, 50)

    Points p are those of the scan, points x lie anywhere in the box, and tr H is the Laplacian. Its weight e falls to 0
    in the course t of the fit, so that the field settles from smooth to detailed. Lengths are those of the published
    code, in which half the longest side of the shape is 1. Normals may be used too, as in ``Siren``. The defaults are
    fast settings for a small network of sines; ``preset("paper", "digs")`` has the published network, sampling and
    optimiser. Source: Ben-Shabat, Koneputugodage, Gould, DiGS: Divergence guided shape implicit neural representation
    for unoriented point clouds, CVPR 2022.
    """

    divergence: ClassVar[Divergence] = "laplacian"

    normals: Normals = "none"
    """Normals of the points: given, those of the scan if it has them; estimated, those of the planes through the 16
    nearest points, turned outside by this library; none, the term of the normals is left out, as published."""
    points_weight: float = 3000.0
    """Weight a of the points p of the scan, mean |f(p)|."""
    off_weight: float = 100.0
    """Weight b of surface away from the points, mean exp(-100 |f(x)|) over points x anywhere in the box."""
    normal_weight: float = 100.0
    """Weight of the normals n if there are any, mean (1 - cos(grad f(p), n)) over the points whose normal is known."""
    divergence_weight: float = 100.0
    """Weight e of the divergence at the start."""
    divergence_until: tuple[float, float] = (0.2, 0.4)
    """Shares of the fit at which the weight of the divergence begins to fall, and at which it has fallen to 0 along a
    line."""
    clip: float | None = 10.0
    """Largest norm of the gradient of all weights, to which a larger one is scaled down; None: gradients stay as they
    are."""

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        check_number(f"{name}: divergence_weight", self.divergence_weight, 0)
        if not 0 <= self.divergence_until[0] <= self.divergence_until[1] <= 1:
            raise ValueError(f"{name}: divergence_until must be two rising shares, got {self.divergence_until}")


@dataclass(frozen=True, kw_only=True)
class StEik(DiGS):
    """StEik: the objective of DiGS with a divergence along the gradient only, which leaves curved surfaces alone.

    L = a mean |f(p)| + b mean exp(-100 |f(x)|) + c mean |1 - |g|| + e(t) mean |g^T H g| / (|g|^2 + 1e-5)

    Points p are those of the scan, points x lie anywhere in the box; g is the gradient and H the second derivative of f
    at x. The weight e falls to 0 in the course t of the fit. Lengths are those of the published code, in which half the
    longest side of the shape is 1. The published network has quadratic sine neurons, which are left out here. The
    defaults are fast settings for a small network of sines; ``preset("paper", "steik")`` has the published sampling and
    optimiser. Source: Yang, Sun, Sundaramoorthi, Yezzi, StEik: Stabilizing the Optimization of Neural Signed Distance
    Functions and Finer Shape Representation, NeurIPS 2023.
    """

    divergence: ClassVar[Divergence] = "directional"

    points_weight: float = 2000.0
    """Weight a of the points p of the scan, mean |f(p)|."""
