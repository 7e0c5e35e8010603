"""Primitives of every kind, edge and rounding, for the tests beside this file."""

from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.ellipsoid import Ellipsoid
from diffshape.data.synthetic.drawn.revolved import Revolved

SIDES = (0.5, 0.3, 0.2)
CLOSED = {
    "ellipsoid": Ellipsoid(SIDES),
    "needle": Ellipsoid((0.5, 0.05, 0.05)),
    "box": BeveledBox(SIDES),
    "round box": BeveledBox(SIDES, "round", 0.1),
    "chamfered box": BeveledBox(SIDES, "chamfered", 0.1),
    "ball": Revolved(((0.0, 0.1),), 0.4),
    "torus": Revolved(((0.35, 0.0),), 0.15),
    "capsule": Revolved(((0.0, -0.3), (0.0, 0.3)), 0.2),
    "cylinder": Revolved(((0.0, -0.3), (0.4, -0.3), (0.4, 0.3), (0.0, 0.3))),
    "round cylinder": Revolved(((0.0, -0.25), (0.3, -0.25), (0.3, 0.25), (0.0, 0.25)), 0.1),
    "chamfered cylinder": Revolved(((0.0, -0.3), (0.3, -0.3), (0.4, -0.2), (0.4, 0.3), (0.0, 0.3))),
    "cone": Revolved(((0.0, -0.3), (0.4, -0.3), (0.0, 0.3))),
    "round cone": Revolved(((0.0, -0.3), (0.4, -0.3), (0.0, 0.3)), 0.05),
    "tube": Revolved(((0.3, -0.3), (0.4, -0.3), (0.4, 0.3), (0.3, 0.3))),
    "round tube": Revolved(((0.3, -0.3), (0.36, -0.3), (0.36, 0.3), (0.3, 0.3)), 0.02),
}
