"""``diffshape mesh``: the surface of a finished or interrupted fit, as finely as wanted."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from diffshape.cli.errors import UsageError
from diffshape.cli.folders import run_path
from diffshape.cli.options import OptionalPath

_SUFFIXES = (".ply", ".obj", ".stl", ".off", ".glb")


@dataclass(frozen=True)
class MeshRun:
    """Mesh the surface of a fit again, finer or coarser."""

    run: tyro.conf.Positional[Path]
    """The folder of a fit."""
    resolution: int = 512
    """Grid nodes along the side of the mesh's box."""
    out: OptionalPath = None
    """PLY, OBJ, STL, OFF or GLB file. Default: RUN/mesh_RESOLUTION.ply."""
    debug: bool = False
    """Show the traceback of an error."""


def run(arguments: MeshRun) -> int:
    """Load, mesh, write."""
    folder = run_path(arguments.run)
    path = arguments.out or folder / f"mesh_{arguments.resolution}.ply"
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out {path}: unknown kind of mesh; diffshape writes {', '.join(_SUFFIXES)}")
    if arguments.resolution < 16:
        raise UsageError(f"--resolution must be at least 16, got {arguments.resolution}")
    from diffshape.data import write_mesh
    from diffshape.fitting import load

    mesh = load(folder).mesh(arguments.resolution)
    if not len(mesh.faces):
        raise ValueError(f"{folder}: the field of this fit has no surface in its box")
    write_mesh(path, *mesh)
    print(f"{path}: {len(mesh.vertices):,} vertices, {len(mesh.faces):,} faces")
    return 0
