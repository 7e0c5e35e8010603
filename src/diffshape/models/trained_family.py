"""A trained model with the shapes that it learnt from, by their names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._did_you_mean import did_you_mean
from diffshape.data import Mesh, ShapeSet, as_mesh, clean_points
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.up import Up
from diffshape.models.load import load
from diffshape.models.trainings import TRAININGS, training_of
from diffshape.training.run_folder import RunFolder

FILE_POINTS = 2048
"""Most points of a file from which a code is found."""


@dataclass(frozen=True)
class TrainedFamily:
    """A model that was loaded, and what is known of its training."""

    folder: Path
    """Folder of the training, or of the saved model."""
    model: Any
    """The model, as ``models.load`` gives it."""
    settings: Any = None
    """Settings of the training; ``None`` for a saved model."""

    @property
    def up(self) -> Up:
        """Axis that points up in the coordinates of the shapes."""
        return getattr(self.settings, "up", "y")

    def ability(self, name: str, missing: str) -> Callable[..., Any]:
        """A method of the model.

        Args:
            name: Name of the method.
            missing: What a model without it does not do, such as "draws no new shapes".

        Raises:
            ValueError: The model has no such method.
        """
        method = getattr(self.model, name, None)
        if method is None:
            raise ValueError(f"{self.folder}: the model, {type(self.model).__name__}, {missing}")
        return method

    def code_of(self, which: str) -> Float[Tensor, "c"]:
        """Code of a shape: of a file, or of a shape of the training by its name or number, from 0 on.

        Raises:
            ValueError: There is no such shape, or the model cannot find its code.
            OSError: The file cannot be read.
        """
        if Path(which).is_file():
            return self._code_of_file(Path(which))
        known = self._known_shapes()
        names = list(known.names if isinstance(known, ShapeSet) else known)
        place = _place(which, names, str(self.folder))
        if hasattr(self.model, "codes"):
            return self.model.codes[place]
        return self.ability("codes_of", "has no codes of shapes")(known[place : place + 1])[0]

    def surface_of(self, which: str, resolution: int) -> Mesh:
        """Surface that the model makes of a shape, told as for ``code_of``.

        Args:
            which: The shape.
            resolution: Grid nodes along the side of the box.

        Raises:
            ValueError: There is no such shape, or the model makes no surfaces, or none of this shape.
            OSError: The file cannot be read.
        """
        mesh = self.ability("mesh", "makes no surfaces")(self.code_of(which), resolution)
        if not len(mesh.faces):
            raise ValueError(f"{self.folder}: the model has no surface for the shape {which!r}")
        return mesh

    def _known_shapes(self) -> Any:
        """The shapes of the training, a ``ShapeSet`` or by name; of a model with codes, perhaps only their numbers."""
        data = getattr(self.settings, "data", None)
        if data is not None:
            learn, _ = training_of(self.settings.VERB).examples(data, seed=self.settings.seed)
            return getattr(learn, "shapes", learn)  # those whose codes a generator learnt
        if hasattr(self.model, "codes"):
            return [str(number) for number in range(len(self.model.codes))]
        raise ValueError(f"{self.folder}: the shapes of this training are in no file; give files of shapes instead")

    def _code_of_file(self, path: Path) -> Float[Tensor, "c"]:
        if hasattr(self.model, "observe") and path.suffix.lower() in MESH_SUFFIXES:
            return self.model.infer(*self.model.observe(as_mesh(path)))
        points = torch.from_numpy(clean_points(path).points).float()
        chosen = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:FILE_POINTS]
        shape = ShapeSet(names=(path.stem,), points=points[chosen][None])
        return self.ability("codes_of", "has no codes of shapes")(shape)[0]


def read_family(folder: Path) -> TrainedFamily:
    """The model of a training or a saved one, with the settings of its training.

    Raises:
        ValueError: As ``models.load``.
    """
    model, run = load(folder), RunFolder(folder)
    kind = run.kind or ""
    return TrainedFamily(folder, model, run.read_settings(training_of(kind).settings) if kind in TRAININGS else None)


def made_shapes(made: Any, *, by: str) -> list[Mesh | Float[Tensor, "n 3"]]:
    """Meshes or clouds that a model made, one by one.

    Raises:
        ValueError: It makes something else, such as voxels.
    """
    if isinstance(made, Tensor) and not (made.ndim == 3 and made.shape[-1] == 3):
        raise ValueError(
            f"{by}: the model makes neither meshes nor points, but arrays of shape {tuple(made.shape[1:])}"
        )
    return list(made)


def _place(which: str, names: Sequence[str], folder: str) -> int:
    if which in names:
        return names.index(which)
    if which.isdecimal() and int(which) < len(names):
        return int(which)
    hint = did_you_mean(which, names) or f"; there are {len(names)}, such as {names[0]!r}, or 0 to {len(names) - 1}"
    raise ValueError(f"{which!r} is no file and no shape of the training in {folder}{hint}")
