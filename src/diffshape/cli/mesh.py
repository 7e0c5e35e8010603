"""``diffshape mesh``: the surface of a finished or interrupted fit, as finely as wanted."""

from dataclasses import dataclass

from diffshape._bounds import check_resolution
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import output_file, run_path
from diffshape.cli.parsing.options import OptionalPath, RunPath, VerbOptions

_SUFFIXES = (".ply", ".obj", ".stl", ".off", ".glb")


@dataclass(frozen=True, kw_only=True)
class MeshRun(VerbOptions):
    """Mesh the surface of a fit again, finer or coarser."""

    run: RunPath
    """Folder of a fit."""
    resolution: int = 512
    """Grid nodes along the side of the mesh's box."""
    out: OptionalPath = None
    """File to write: PLY, OBJ, STL, OFF or GLB. Default: RUN/mesh_RESOLUTION.ply."""


def run(arguments: MeshRun) -> int:
    """Load, mesh, write."""
    with usage_errors():
        check_resolution("--resolution", arguments.resolution, 16)
    folder = run_path(arguments.run)
    path = output_file(arguments.out or folder / f"mesh_{arguments.resolution}.ply", _SUFFIXES)
    from diffshape.data import write_mesh
    from diffshape.fitting import load

    mesh = load(folder).mesh(arguments.resolution)
    if not len(mesh.faces):
        raise ValueError(f"{folder}: the field of this fit has no surface in its box")
    write_mesh(path, *mesh)
    print(f"{path}: {len(mesh.vertices):,} vertices, {len(mesh.faces):,} faces")
    return 0
