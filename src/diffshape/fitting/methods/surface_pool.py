"""Samples of a moving level set: meshed now and then, pulled back to it whenever they are drawn.

Every re-meshing draws samples uniformly over the area of the surface; between two of them each drawn sample first
follows the surface by a few pulls along the gradient, and stays where it arrived unless ``write_back`` is False. An
empty level set keeps the old samples. Source: Haerenstam-Nielsen et al., DiffCD, ECCV 2024, where none is written back.
"""

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.ops import LevelSetPoints, isosurface, project_to_level_set, sample_surface


class SurfacePool:
    """Samples of the surface, and the number of meshings that they have been drawn from."""

    def __init__(self, method: DiffCD, bounds: tuple[float, float], generator: torch.Generator) -> None:
        self.method, self.bounds, self.generator = method, bounds, generator
        self.points = torch.zeros(0, 3)
        self.meshings = torch.tensor(0)

    def refresh(self, field: Field, share: float) -> None:
        """Mesh and sample the surface if that is due after this ``share`` of the fit; an empty surface changes
        nothing."""
        due = int(share * self.method.meshings) + 1
        if self.meshings.item() >= due:
            return
        self.meshings = torch.tensor(due)
        vertices, faces = isosurface(field, resolution=self.method.mesh_resolution, bounds=self.bounds)
        if len(faces):
            samples = sample_surface(vertices.cpu(), faces.cpu(), self.method.pool, generator=self.generator)
            self.points = samples.points.float()

    def draw(self, field: Field) -> LevelSetPoints | None:
        """Samples pulled to the surface of ``field`` as it is now; None while there has been no surface."""
        if len(self.points) == 0:
            return None
        chosen = torch.randperm(len(self.points), generator=self.generator)[: self.method.surface_batch]
        samples = self.points[chosen].to(next(field.parameters()))
        pulled = project_to_level_set(field, samples, steps=self.method.pulls, step=self.method.pull)
        if self.method.write_back:
            self.points[chosen] = pulled.points.clamp(*self.bounds).to(self.points)
        return pulled

    def state(self) -> dict[str, Tensor]:
        """The samples and the number of meshings, for a checkpoint."""
        return {"pool": self.points, "meshings": self.meshings}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        self.points, self.meshings = state["pool"].clone(), state["meshings"].clone()
