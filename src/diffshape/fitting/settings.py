"""Everything that a fit depends on besides its input, as one value that a YAML file keeps. Needs no torch."""

from dataclasses import dataclass
from typing import ClassVar

from diffshape._bounds import check_whole
from diffshape._config import Kinds
from diffshape._typed import check_settings
from diffshape.fields.config import FIELD_KINDS, FieldConfig
from diffshape.fitting.methods.config import MethodConfig
from diffshape.fitting.methods.table import METHOD_KINDS, fits_of
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class FitSettings(RunSettings):
    """Settings of one fit, complete; its budget is ``steps`` or ``seconds``, the other one ``None``.

    >>> from diffshape.fitting import DiffCD
    >>> settings = FitSettings(method=DiffCD(), steps=1800)
    >>> part = FitSettings.from_dict({"method": {"batch": 64}, "seconds": 2}, settings)
    >>> part.method.batch, part.method.pool, part.steps, part.seconds
    (64, 30000, None, 2.0)
    """

    VERB: ClassVar[str] = "fit"
    TITLE: ClassVar[str] = "fit"
    KINDS: ClassVar[Kinds] = {
        name: tuple(kinds[name] for kinds in (METHOD_KINDS, FIELD_KINDS) if name in kinds)
        for name in (*METHOD_KINDS, *FIELD_KINDS)
    }

    method: MethodConfig
    """Objective and sampling; its class says which method it is."""
    field: FieldConfig | None = None
    """Settings of the field; None, before a fit begins: a hash grid matched to the spacing and noise of its points."""
    steps: int | None = None
    """Number of optimiser steps; None: the budget is ``seconds``."""
    seconds: float | None = None
    """Seconds of optimisation; None: the budget is ``steps``."""
    seed: int = 0
    """Seed of weights and samples."""
    resolution: int | None = None
    """Grid nodes along the side of the box in which the result is meshed, unless another number is asked for; None:
    what suits the field, 256 for a network."""
    open: bool = False
    """Whether a scan is one of open surfaces, such as a terrain, a face or a garment: sides are told along the surface,
    and the mesh ends where the points do. Else it is one of solids, and the mesh is closed."""

    def __post_init__(self) -> None:
        check_settings(self)
        try:
            kind = fits_of(self.method)
        except ValueError as error:
            raise ValueError(f"FitSettings: {error}") from error
        if self.open and kind == "mesh":
            raise ValueError("FitSettings: open is for fits of scans; the method fits a mesh")
        self.check_budget()
        if self.resolution is not None:
            check_whole("FitSettings: resolution", self.resolution, 16)
