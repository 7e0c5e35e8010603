"""One scene in the viewer: its layers and its slice, drawn anew where the look of it has changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Frame
from diffshape.report.scene.layers import Coloring, Layer, Points, Scene, Surface
from diffshape.report.viewer.drawing import DrawnSurface, dot_size, drawn_surface, surface_glb
from diffshape.report.viewer.look import Look, layer_colors
from diffshape.report.viewer.plane_handle import PlaneHandle
from diffshape.report.viewer.slices import Query, slice_of

if TYPE_CHECKING:
    import viser  # type: ignore[import-not-found]

MARGIN = 0.12
"""Width of a slice beyond the shape on every side, as a share of its longest side."""


class Exhibit:
    """A scene, and the field that slices show if there is one.

    Args:
        name: Caption of the scene, of which several stand side by side.
        scene: What there is to see.
        query: The field; None: nothing is drawn on the plane.
    """

    def __init__(self, name: str, scene: Scene, query: Query | None = None) -> None:
        self.name, self.scene, self.query = name, scene, query
        places = _measured(scene.layers)
        self.frame = Frame.of(places) if len(places) and np.ptp(places, axis=0).max() > 0 else Frame((0, 0, 0), 1.0)
        unit = self.frame.to_unit(places) if len(places) else np.zeros((1, 3))
        low, high = np.quantile(unit, 0.001, axis=0), np.quantile(unit, 0.999, axis=0)
        self.box = np.stack([low - MARGIN, high + MARGIN])
        self._drawn: dict[str, tuple[Any, ...]] = {}
        self._nodes: dict[str, Any] = {}
        self._meshes: dict[int, tuple[Surface, DrawnSurface]] = {}

    def renew(self, scene: Scene) -> None:
        """Take a newer scene in the same frame, such as that of a fit which has gone on."""
        self.scene = scene
        self._meshes.clear()

    def place(self, server: "viser.ViserServer", number: int, dragged: Callable[[float, bool], None]) -> Any:
        """Add the node that holds all others, and return it; ``dragged`` is told what ``PlaneHandle`` tells."""
        self._server, self._root = server, f"/{number}"
        root = server.scene.add_frame(self._root, show_axes=False)
        self._handle = PlaneHandle(server, f"{self._root}/handle", self.box, dragged)
        return root

    def follow(self, look: Look) -> None:
        """Show what the plane is dragged by where the plane is now, if it does something here."""
        does_something = look.cut or (look.sliced and self.query is not None)
        self._handle.show(look.plane if does_something else None)

    def draw(self, look: Look, scales: Mapping[str, Coloring], pixels: int) -> None:
        """Bring the nodes up to date.

        Args:
            look: What is chosen.
            scales: Scales of the colourings by caption, common to all scenes.
            pixels: Pixels along the longer side of a slice.
        """
        of_a_kind = {kind: [each for each in self.scene.layers if type(each) is kind] for kind in (Points, Surface)}
        for place, layer in enumerate(self.scene.layers):
            node = f"{self._root}/{place}"
            number = len(of_a_kind[type(layer)]) - 1 - of_a_kind[type(layer)].index(layer)  # the result is the last
            if layer.name not in look.shown:
                self._hide(node)
            elif isinstance(layer, Points):
                self._draw_points(node, layer, look, scales, number)
            else:
                self._draw_surface(node, self._at(layer, look.step), look, scales, number)
        node = f"{self._root}/slice"
        if look.sliced and self.query is not None:
            self._draw_slice(node, look, pixels)
        else:
            self._hide(node)

    def _at(self, layer: Surface, step: int | None) -> Surface:
        """A surface as it was at a step along the way, or as it became."""
        before = [each for made, each in self.scene.along_the_way if step is not None and made <= step]
        return next((each for each in reversed(before) if each.name == layer.name), layer)

    def _draw_points(self, node: str, layer: Points, look: Look, scales: Mapping[str, Coloring], number: int) -> None:
        drawn = (layer, look.point_colors, look.dot)
        if self._is_drawn(node, drawn):
            return
        self._nodes[node] = self._server.scene.add_point_cloud(
            node,
            self.frame.to_unit(layer.points.astype(np.float64)),
            layer_colors(layer, look.point_colors, scales.get(look.point_colors), number),
            point_size=look.dot * dot_size(len(layer.points)),
            point_shape="circle",
            precision="float32",
        )

    def _draw_surface(self, node: str, layer: Surface, look: Look, scales: Mapping[str, Coloring], number: int) -> None:
        if self._is_drawn(node, (layer, look.surface_colors, (look.plane, look.far) if look.cut else None)):
            return
        colors = layer_colors(layer, look.surface_colors, scales.get(look.surface_colors), number)
        glb = surface_glb(self._mesh(layer), colors, look.plane if look.cut else None, look.far)
        if not glb:
            self._nodes.pop(node).remove() if node in self._nodes else None
        elif node in self._nodes:
            self._nodes[node].glb_data = glb
            self._nodes[node].visible = True
        else:
            self._nodes[node] = self._server.scene.add_glb(node, glb, cast_shadow=False, receive_shadow=False)

    def _draw_slice(self, node: str, look: Look, pixels: int) -> None:
        if self.query is None or self._is_drawn(node, (look.plane, pixels)):
            return
        picture = slice_of(self.query, self.frame, look.plane, self.box, pixels).picture
        right, up = look.plane.sides
        middle, widths = self.box.mean(axis=0), self.box[1] - self.box[0]
        middle[look.plane.number] = look.plane.offset
        self._nodes[node] = self._server.scene.add_image(
            node,
            picture,
            float(widths[right]),
            float(widths[up]),
            format="png",
            wxyz=_facing(right, up),
            position=middle,
            cast_shadow=False,
            receive_shadow=False,
        )

    def _is_drawn(self, node: str, drawn: tuple[Any, ...]) -> bool:
        """Whether the node is there as it is to be; it is shown then, and counts as drawn otherwise."""
        before, self._drawn[node] = self._drawn.get(node), drawn
        if before is None or before != drawn:
            return False
        if node in self._nodes:
            self._nodes[node].visible = True
        return True

    def _hide(self, node: str) -> None:
        if node in self._nodes:
            self._nodes[node].visible = False

    def _mesh(self, layer: Surface) -> DrawnSurface:
        """The mesh of a surface in the unit frame; made once, as a plane that is dragged cuts it again and again."""
        if id(layer) not in self._meshes:
            vertices = self.frame.to_unit(layer.vertices.astype(np.float64))
            self._meshes[id(layer)] = layer, drawn_surface(vertices, np.asarray(layer.faces, np.int64))
        return self._meshes[id(layer)][1]


def _measured(layers: Sequence[Layer]) -> NDArray[np.float64]:
    """The places whose box is the unit frame: those of the first points, or else of the first surface."""
    clouds = [layer.points for layer in layers if isinstance(layer, Points)]
    meshes = [layer.vertices for layer in layers if isinstance(layer, Surface)]
    return np.asarray(next((each for each in (*clouds, *meshes) if len(each)), np.zeros((0, 3))), np.float64)


def _facing(right: int, up: int) -> NDArray[np.float64]:
    """The rotation, (w, x, y, z), of a picture whose right and upper sides point along two axes."""
    import viser.transforms  # type: ignore[import-not-found]

    axes = np.eye(3)
    columns = [axes[right], -axes[up], np.cross(axes[right], -axes[up])]
    return np.asarray(viser.transforms.SO3.from_matrix(np.stack(columns, axis=1)).wxyz, np.float64)
