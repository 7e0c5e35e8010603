"""Settings of the IGR fit of a scan, and of IGR with a weight of the area. They need no torch, as a command line reads
them.

Lengths are in the unit frame, where the longest side of a shape is 1.
"""

from dataclasses import dataclass
from typing import Literal

from diffshape._bounds import check_number, check_whole
from diffshape.fitting.methods.config import NormalsMethodConfig, SampledMethodConfig


@dataclass(frozen=True, kw_only=True)
class IGR(NormalsMethodConfig, SampledMethodConfig):
    """Implicit geometric regularisation: the field is 0 at the points of the scan and has slope 1 around them.

    L = mean |f(p)| + lambda mean (1 - |grad f(q)|)^2 + nu mean |grad f(p) - n|, with points p of the scan, their
    normals n if there are any, and eikonal samples q off the data: near the points and anywhere in the box. Without
    normals nothing keeps surface away from places where no points are. The defaults are fast settings for a small
    network. ``preset("paper", "igr")`` is the published fit, whose lengths are halved, as it was made for shapes about
    2 long. ``preset("paper-diffcd", "igr")`` is the fit that the DiffCD paper compares with: a network of half the
    width, 5000 points in a step, eikonal samples five times nearer to the points, a rate with warm-up and cosine, no
    normals. Source: Gropp, Yariv, Haim, Atzmon, Lipman, Implicit Geometric Regularization for Learning Shapes,
    ICML 2020.
    """

    eikonal_weight: float = 0.1
    """Weight lambda of the eikonal term, mean (1 - |grad f|)^2."""
    normal_weight: float = 1.0
    """Weight nu of the normals n of the points, mean |grad f - n|; without normals the term is left out."""
    batch: int = 1024
    """Number of points of the scan in a step."""
    local_scale: float = 1.0
    """Standard deviation of the eikonal samples near a point of the scan, in distances to its 50th neighbour."""
    global_side: float = 1.0
    """Side of the box of the eikonal samples that may lie anywhere, in sides of the box in which the surface is
    sought."""
    learning_rate: float = 2e-3
    """Learning rate of Adam."""
    schedule: Literal["exponential", "warmup-cosine", "halving"] = "warmup-cosine"
    """Schedule of the learning rate: exponential, a decay to 0.5 % over the fit; warmup-cosine, up over the first 2.5 %
    of the fit and down to 0 along a half cosine, as in the DiffCD paper; halving, by half after every 2 % of the fit,
    as published."""

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        check_number(f"{name}: eikonal_weight", self.eikonal_weight, 0)
        check_number(f"{name}: normal_weight", self.normal_weight, 0)
        check_number(f"{name}: global_side", self.global_side, 0, above=True)


@dataclass(frozen=True, kw_only=True)
class SurfaceArea(IGR):
    """IGR with a weight of the area: every stretch of surface costs something, so that surface without points shrinks.

    L = L_IGR + mu mean exp(-alpha |f|) over points anywhere in the box. These are the rows called "SIREN" of the tables
    of the DiffCD paper, with mu = 0.33 or 0.033; neither the network nor the weights are those of SIREN, which is the
    method ``Siren``. The defaults are fast settings for a small network;
    ``preset("paper", "surface-area")`` has those of that paper with mu = 0.33. Source: Haerenstam-Nielsen, Sang,
    Saroha, Araslanov, Cremers, DiffCD, ECCV 2024; the term is that of Sitzmann et al., SIREN, NeurIPS 2020.
    """

    area_weight: float = 0.33
    """Weight mu of the area of the surface, mean exp(-alpha |f|) over the box."""
    area_sharpness: float = 100.0
    """Sharpness alpha of the area, in 1 / length; what counts is a layer some 2 / alpha thick."""
    area_samples: int = 1024
    """Number of points anywhere in the box at which the area is measured in a step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("SurfaceArea: area_weight", self.area_weight, 0)
        check_number("SurfaceArea: area_sharpness", self.area_sharpness, 0, above=True)
        check_whole("SurfaceArea: area_samples", self.area_samples, 1)
