"""Results as pictures in a notebook, from the moment that ``diffshape.report`` is imported: surfaces, families."""

from typing import TYPE_CHECKING

from diffshape._pictures import paint
from diffshape.report.pictures.png import encode_png
from diffshape.report.pictures.preview import preview
from diffshape.report.pictures.strip import shape_strip

if TYPE_CHECKING:
    from diffshape.data import ShapeFamily
    from diffshape.fitting import FitResult
    from diffshape.models import DeepSDF

RESOLUTION = 64
"""Grid nodes along a side of each surface, so that a picture is there within a second or so."""
SHOWN = 6
"""Largest number of shapes in the picture of a drawn family."""


def fit_picture(result: "FitResult") -> bytes | None:
    """The surface of a fit; none if its field has no zero."""
    mesh = result.mesh(RESOLUTION)
    if not len(mesh.faces):
        return None
    return encode_png(preview(*mesh, confidence=mesh.attributes.get("confidence"), size=400))


def model_picture(model: "DeepSDF") -> bytes | None:
    """Shapes from one training shape to another."""
    from diffshape.report.pictures.shape_space import interpolation_strip  # loads the models

    return encode_png(interpolation_strip(model, resolution=RESOLUTION))


def family_picture(family: "ShapeFamily") -> bytes:
    """The first shapes of a drawn family."""
    vertices, faces = family.meshes()
    shapes = [(str(number), (each, faces)) for number, each in enumerate(vertices[:SHOWN])]
    return encode_png(shape_strip(shapes, size=170))


paint("diffshape.fitting.result.FitResult", fit_picture)
paint("diffshape.models.deep_sdf.model.DeepSDF", model_picture)
paint("diffshape.data.synthetic.families.ShapeFamily", family_picture)
