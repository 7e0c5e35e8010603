"""The shapes of a DeepSDF training, drawn or read from a folder, to learn from and to be tested on."""

from typing import cast

from diffshape._arguments import checked
from diffshape.data import Mesh, draw_meshes, read_mesh_folder, shape_family, train_test_split
from diffshape.data.synthetic.assembled.families import FAMILIES, DrawnFamilyName
from diffshape.data.synthetic.families import FamilyName
from diffshape.models.deep_sdf.samples import family_meshes
from diffshape.models.deep_sdf.settings import DeepSDFFamilyName, DrawnShapes, ShapeFolder


@checked
def deep_sdf_shapes(data: DrawnShapes | ShapeFolder, *, seed: int = 0) -> tuple[dict[str, Mesh], dict[str, Mesh]]:
    """Shapes to learn from, and others to be tested on, by name; the seed draws them, or who is held out.

    Raises:
        ValueError, OSError: As ``data.read_mesh_folder``; or a folder has fewer than two meshes.
    """
    if isinstance(data, DrawnShapes):
        learn, test = _drawn(data.family, data.shapes, 2 * seed), _drawn(data.family, data.test_shapes, 2 * seed + 1)
        return (
            {f"{data.family} {number}": mesh for number, mesh in enumerate(learn)},
            {f"new {data.family} {number}": mesh for number, mesh in enumerate(test)},
        )
    meshes = read_mesh_folder(data.folder)
    if len(meshes) < 2:
        raise ValueError(f"{data.folder}: one mesh is too few to learn from and be tested on; give at least two")
    names = list(meshes)
    learn, test = (
        {names[place]: meshes[names[place]] for place in places.tolist()}
        for places in train_test_split(len(names), data.holdout, seed=seed)
    )
    return learn, test


def _drawn(family: DeepSDFFamilyName, count: int, seed: int) -> list[Mesh]:
    if family in FAMILIES:
        return draw_meshes(cast(DrawnFamilyName, family), count, seed=seed)
    return family_meshes(shape_family(cast(FamilyName, family), count, seed=seed))
