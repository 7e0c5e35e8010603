"""``diffshape mesh``: the surface of a fit or of a shape of a training, as finely as wanted, open or closed."""

from dataclasses import dataclass
from pathlib import Path

from diffshape._bounds import check_resolution
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.folders import model_path, output_file, run_path
from diffshape.cli.parsing.options import OptionalPath, OptionalShape, RunPath, VerbOptions

_SUFFIXES = (".ply", ".obj", ".stl", ".off", ".glb")


@dataclass(frozen=True, kw_only=True)
class MeshRun(VerbOptions):
    """Mesh the surface of a fit again, finer or coarser, open or closed; or that of a shape of a training."""

    run: RunPath
    """Folder of a fit; with --shape, of a training or of a saved model."""
    shape: OptionalShape = None
    """Shape of a training: a file of it, or the name or number of one that was learnt from."""
    resolution: int = 512
    """Grid nodes along the side of the mesh's box."""
    open: bool = False
    """End the mesh of a scan where its points end, although the scan was not fitted with --open."""
    closed: bool = False
    """Close the mesh of a scan, although it was fitted with --open."""
    out: OptionalPath = None
    """File to write: PLY, OBJ, STL, OFF or GLB. Colours of the scan are in all but STL, confidence in PLY and GLB, and
    other numbers of its points in PLY. Default: RUN/mesh_RESOLUTION.ply, or
    RUN/SHAPE_RESOLUTION.ply."""


def run(arguments: MeshRun) -> int:
    """Load, mesh, write."""
    with usage_errors():
        check_resolution("--resolution", arguments.resolution, 16)
    if arguments.open and arguments.closed:
        raise UsageError("give --open or --closed, not both")
    asked = arguments.open or arguments.closed
    if arguments.shape is not None and asked:
        raise UsageError("--open and --closed are for fits of scans; leave them out with --shape")
    folder = run_path(arguments.run) if arguments.shape is None else model_path(arguments.run)
    stem = "mesh" if arguments.shape is None else Path(arguments.shape).stem
    path = output_file(arguments.out or folder / f"{stem}_{arguments.resolution}.ply", _SUFFIXES)
    from diffshape.data import write_mesh

    if arguments.shape is None:
        from diffshape.fitting import load

        mesh = load(folder).mesh(arguments.resolution, open=arguments.open if asked else None)
        if not len(mesh.faces):
            raise ValueError(f"{folder}: the field of this fit has no surface in its box")
    else:
        from diffshape.models.trained_family import read_family

        mesh = read_family(folder).surface_of(arguments.shape, arguments.resolution)
    write_mesh(path, mesh)
    print(f"{path}: {len(mesh.vertices):,} vertices, {len(mesh.faces):,} faces")
    return 0
