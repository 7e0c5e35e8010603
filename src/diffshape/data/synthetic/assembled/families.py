"""THE table of drawn families. It needs no torch, as the command line reads it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from diffshape.data.synthetic.assembled.draws import Draws
from diffshape.data.synthetic.assembled.furniture import chair, lamp, shelf, table
from diffshape.data.synthetic.assembled.part import Part
from diffshape.data.synthetic.assembled.solids import csg, hidden_back, superquadric
from diffshape.data.synthetic.assembled.vehicles import car, plane

DrawnFamilyName = Literal["chair", "table", "lamp", "shelf", "car", "plane", "superquadric", "csg", "hidden_back"]
FAMILIES: Mapping[DrawnFamilyName, Callable[[Draws], list[Part]]] = MappingProxyType(
    {
        "chair": chair,
        "table": table,
        "lamp": lamp,
        "shelf": shelf,
        "car": car,
        "plane": plane,
        "superquadric": superquadric,
        "csg": csg,
        "hidden_back": hidden_back,
    }
)
"""Functions that draw parameters, and give the parts that they make, by the names of families."""
