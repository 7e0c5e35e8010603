"""Sets of shapes read from published layouts of files."""

from os import PathLike

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_resolution, check_seed, check_whole
from diffshape._files import nameable
from diffshape.data.shape_sets.cache import cache_path, read_cached, write_cached
from diffshape.data.shape_sets.folder import Source, files_of
from diffshape.data.shape_sets.gather import gathered
from diffshape.data.shape_sets.layout_name import LayoutName
from diffshape.data.shape_sets.layouts.layout import Wanted
from diffshape.data.shape_sets.layouts.table import layout_of
from diffshape.data.shape_sets.shape_set import ShapeSet

_POINT_BYTES = 100
"""Memory in bytes that a point takes while a shape is read."""
_MOST_WORKERS, _MOST_PIXELS = 256, 4096


@checked
def read_shapes(
    folder: str | PathLike[str],
    *,
    layout: LayoutName = "auto",
    points: int | None = 2048,
    volume_points: int | None = 2048,
    near_points: int | None = 2048,
    resolution: int | None = None,
    views: int | None = None,
    image_size: int | None = None,
    seed: int = 0,
    workers: int = 0,
    cache: str | PathLike[str] | None = None,
) -> ShapeSet:
    """Read shapes to learn from, in one of the layouts in which sets of shapes are published.

    | layout | files | parts |
    |---|---|---|
    | "occupancy-networks" | ``points.npz``, ``pointcloud.npz``, ``model.binvox``, ``img_choy2016/`` | as there |
    | "im-net" | HDF5 with ``voxels``, ``points_64``, ``values_64``, ``pixels`` | all but distances |
    | "latent-3d-points" | PLY clouds, in a folder for each class | points |
    | "meshes" | closed PLY, OBJ, OFF, STL, GLB | all but images |
    | "voxels" | NPY, NPZ of shape (N, R, R, R), (N, 1, R, R, R) | all but distances and images |

    Shapes stay where they are in the files; of each mesh the middle of its box goes to 0, and its longest side becomes
    1. Axes are those of the files. Points are drawn from those of the files without replacement, or from meshes and
    voxels anew, with a generator for each shape that depends on its name and ``seed`` only. Voxels are the solid that
    is the union of the full ones; those of layout "voxels" are filled where others enclose them, and empty and repeated
    shapes are left out. ``notes`` of the set tells what was changed or left out.

    Args:
        folder: Folder, searched with all folders in it but hidden ones; a list such as ``train.lst`` of folders beside
            it; or one file.
        layout: Name of the layout; "auto" recognises it by the files.
        points: Points on each surface; None for none.
        volume_points: Points in the cube of side 1.1, with their occupancies; None for none.
        near_points: Points near each surface, with their occupancies, of "meshes" with signed distances; None for none.
            Those of "im-net" are the finest of the file, those of "voxels" the middles of voxels at the surface, those
            of "meshes" are moved from it by a Gaussian of standard deviation 0.04 along each axis.
        resolution: Voxels along a side: meshes are asked at their middles, finer voxels are taken together, full where
            half are. None for those of the file, and none of meshes.
        views: Images of each shape, the first of its file or folder; None for none.
        image_size: Pixels along each side of an image, each the mean of those that it covers, so that wide images are
            made narrow; None for images as they are in the files.
        seed: Seed of the points, from 0 to 2^64 - 1.
        workers: Processes that read; the result is the same for any number. 0: this one.
        cache: Folder in which the set is kept as a safetensors file. It is taken from there while the files have the
            same sizes and times and the arguments are the same.

    Returns:
        A ``ShapeSet``, in order of the names: paths of files or folders in ``folder``, without suffix.

    Raises:
        FileNotFoundError: There is no such folder or file.
        ReadError: No layout is recognised, or more than one; or shapes are damaged, hold fewer points than are asked
            for, or lack a part that others have. All of these are named.
        ImportError: HDF5 files without the extra ``hdf5``.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.data import icosphere, write_mesh
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("b", "a"):
    ...         write_mesh(Path(folder, f"{name}.obj"), icosphere(2))
    ...     shapes = read_shapes(folder, points=100, volume_points=50, near_points=None, resolution=8)
    >>> shapes.names, shapes.points.shape, shapes.occupancies.shape, shapes.voxels.shape
    (('a', 'b'), torch.Size([2, 100, 3]), torch.Size([2, 50]), torch.Size([2, 8, 8, 8]))
    """
    given = nameable(folder)
    counts = {"points": points, "volume_points": volume_points, "near_points": near_points, "views": views}
    for name, count in counts.items():
        if count is not None:
            check_fits(f"read_shapes: {name}", count, _POINT_BYTES)
    if resolution is not None:
        check_resolution("read_shapes: resolution", resolution, 1, sparse=False)
    if image_size is not None:
        check_whole("read_shapes: image_size", image_size, 1, _MOST_PIXELS)
    check_whole("read_shapes: workers", workers, 0, _MOST_WORKERS)
    check_seed("read_shapes: seed", seed)
    wanted = Wanted(**counts, resolution=resolution, image_size=image_size)
    base, paths = files_of(given)
    chosen, own = layout_of(layout, given, paths)
    kept = None
    if cache is not None:
        arguments = {"layout": chosen.name, "seed": seed, **wanted._asdict()}
        kept = cache_path(nameable(cache), Source(base, own), arguments)
        if (shapes := read_cached(kept)) is not None:
            return shapes
    shapes = gathered(chosen.find(base, own), wanted, seed=seed, workers=workers, source=given)
    if kept is not None:
        write_cached(kept, shapes)
    return shapes
