"""Shapes that a model made, as files and a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffshape.data.up import Up

PICTURE = "shapes.png"
"""Name of the picture of all shapes."""
COLUMNS, SIZE = 6, 150
"""Shapes in a row of the picture, and the side of each in pixels."""


def write_shapes(folder: Path, shapes: Mapping[str, Any], *, up: Up) -> None:
    """Write each shape as NAME.ply, and a picture of all of them; print where.

    Args:
        folder: Folder to write to, which is made.
        shapes: Meshes and clouds (N, 3) by name. A mesh without a face is left out, and that is said.
        up: Axis that points up in the picture.

    Raises:
        ValueError: No shape has a surface.
        OSError: The folder cannot be written.
    """
    from diffshape.data import Mesh, write_mesh, write_points
    from diffshape.report import shape_strip

    full = {name: shape for name, shape in shapes.items() if not isinstance(shape, Mesh) or len(shape.faces)}
    if not full:
        raise ValueError("none of the shapes has a surface: the model needs a longer training")
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in full.items():
        if isinstance(shape, Mesh):
            write_mesh(folder / f"{name}.ply", shape)
        else:
            write_points(folder / f"{name}.ply", shape.cpu())
    drawn = [(name, tuple(shape) if isinstance(shape, Mesh) else shape.cpu()) for name, shape in full.items()]
    shape_strip(drawn, columns=COLUMNS, path=folder / PICTURE, size=SIZE, up=up)
    lost = len(shapes) - len(full)
    print(f"{folder}: {len(full)} shapes as PLY, and {PICTURE}" + (f"; {lost} have no surface" if lost else ""))
