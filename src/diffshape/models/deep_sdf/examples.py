"""The shapes of a DeepSDF training, drawn or read from a folder, to learn from and to be tested on."""

from diffshape._arguments import checked
from diffshape.data import Mesh, read_mesh_folder, shape_family, train_test_split
from diffshape.models.deep_sdf.samples import family_meshes
from diffshape.models.deep_sdf.settings import DrawnShapes, ShapeFolder


@checked
def deep_sdf_shapes(data: DrawnShapes | ShapeFolder, *, seed: int = 0) -> tuple[dict[str, Mesh], dict[str, Mesh]]:
    """Shapes to learn from, and others to be tested on, by name; the seed draws them, or who is held out.

    Raises:
        ValueError, OSError: As ``data.read_mesh_folder``; or a folder has fewer than two meshes.
    """
    if isinstance(data, DrawnShapes):
        learn = family_meshes(shape_family(data.family, data.shapes, seed=2 * seed))
        test = family_meshes(shape_family(data.family, data.test_shapes, seed=2 * seed + 1))
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
