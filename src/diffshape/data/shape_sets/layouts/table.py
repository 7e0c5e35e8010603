"""Layouts of files of shapes, and which of them a folder has."""

from collections.abc import Sequence
from pathlib import Path

from diffshape.data.arrays import ReadError
from diffshape.data.shape_sets.layout_name import LayoutName
from diffshape.data.shape_sets.layouts.clouds import LATENT_3D_POINTS
from diffshape.data.shape_sets.layouts.im_net import IM_NET
from diffshape.data.shape_sets.layouts.layout import Layout
from diffshape.data.shape_sets.layouts.meshes import MESHES
from diffshape.data.shape_sets.layouts.occupancy_networks import OCCUPANCY_NETWORKS
from diffshape.data.shape_sets.layouts.voxels import VOXELS

LAYOUTS = {layout.name: layout for layout in (OCCUPANCY_NETWORKS, IM_NET, LATENT_3D_POINTS, MESHES, VOXELS)}
"""Layouts by name."""


def layout_of(name: LayoutName, given: Path, paths: Sequence[Path]) -> tuple[Layout, list[Path]]:
    """The layout of a folder and those of its files that belong to it.

    Args:
        name: Name of a layout, or "auto".
        given: The folder, for messages.
        paths: All files in it.

    Raises:
        ReadError: There are no files of that layout, or of any, or of more than one.
    """
    if name != "auto":
        if not (own := LAYOUTS[name].select(paths)):
            raise ReadError(f"{given}: has no shapes of layout {name!r}, which is {LAYOUTS[name].holds}")
        return LAYOUTS[name], own
    selected = [(layout, layout.select(paths)) for layout in LAYOUTS.values()]
    known = [(layout, own) for layout, own in selected if own and layout.recognises(own)]
    if not known:
        every = "; ".join(f"{layout.name}: {layout.holds}" for layout in LAYOUTS.values())
        raise ReadError(f"{given}: no layout of shapes is recognised; the layouts are {every}")
    if len(known) > 1:
        names = ", ".join(repr(layout.name) for layout, _ in known)
        raise ReadError(f"{given}: has shapes of layouts {names}; choose one with layout=")
    return known[0]
