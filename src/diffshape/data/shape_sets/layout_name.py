"""Names of the layouts of files of shapes. It needs no torch, as the command line reads it."""

from typing import Literal

LayoutName = Literal["auto", "occupancy-networks", "im-net", "latent-3d-points", "meshes", "voxels"]
"""Names of layouts; "auto": the one that is recognised."""
