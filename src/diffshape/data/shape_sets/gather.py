"""Shapes read one by one, by several processes if wanted, into one set."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from diffshape._bounds import check_fits
from diffshape._notices import tell
from diffshape.data.arrays import ReadError
from diffshape.data.shape_sets.layouts.layout import Found, OneShape, Reader, Wanted
from diffshape.data.shape_sets.shape_set import ShapeSet

_FARTHEST = 1.0
"""Largest coordinate of a shape, which lies about the cube from -1/2 to 1/2."""
_NAMED = 3
"""Number of shapes that a note names."""
_TOLD_EVERY = 10.0
"""Seconds after which it is told how many shapes have been read."""
_OPTIONS = {"points": "points", "volume_points": "volume_points", "near_points": "near_points", "images": "views"}
"""Arguments that ask for parts, which then every shape must have."""


class ShapeReaders(Dataset[Any]):
    """Shapes that are read when they are asked for, each with a generator of its own.

    A shape that cannot be read is the error that says why.
    """

    def __init__(self, readers: Mapping[str, Reader], wanted: Wanted, seed: int) -> None:
        self.names, self.readers = list(readers), list(readers.values())
        self.wanted, self.seed = wanted, seed

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, place: int) -> OneShape | Exception:
        try:
            shape = self.readers[place](self.wanted, shape_generator(self.names[place], self.seed))
            _check_place(shape.parts)
            return shape
        except (ValueError, OSError, ImportError) as error:
            return error


def shape_generator(name: str, seed: int) -> torch.Generator:
    """Generator of a shape, which depends on its name and the seed, not on what else is read or by whom."""
    digest = sha256(f"{seed} {name}".encode(errors="surrogateescape")).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little"))


def gathered(found: Found, wanted: Wanted, *, seed: int, workers: int, source: Path) -> ShapeSet:
    """All shapes that were found, as one set.

    Args:
        found: Readers of the shapes.
        wanted: Sizes of their parts.
        seed: Seed of their points.
        workers: Processes that read.
        source: Place where they were found, for messages.

    Raises:
        ReadError: There are none, some cannot be read, or some lack a part that others have; all of these are named.
        ImportError: Files need an extra that is not installed.
    """
    if not found.readers:
        raise ReadError(f"{source}: no shapes are left. {' '.join(found.notes)}".rstrip())
    shapes = ShapeReaders(found.readers, wanted, seed)
    # with a generator, as the loader would else draw from the global one
    loader = DataLoader(shapes, batch_size=None, num_workers=workers, collate_fn=_as_it_is, generator=torch.Generator())
    gathering = _Gathering(shapes.names, source)
    told = time.monotonic()
    for place, shape in enumerate(loader):
        gathering.take(place, shape)
        if time.monotonic() - told > _TOLD_EVERY:
            told = time.monotonic()
            tell(f"{source}: {place + 1:,} of {len(shapes):,} shapes are read")
    options = _OPTIONS if wanted.resolution is None else {**_OPTIONS, "voxels": "resolution"}
    return gathering.finished(found.notes, options=options)


def _as_it_is(shape: Any) -> Any:
    return shape


def _check_place(parts: Mapping[str, Tensor]) -> None:
    for name in ("points", "volume_points", "near_points"):
        if name in parts and not (farthest := float(parts[name].abs().max())) <= _FARTHEST:
            raise ReadError(
                f"{name} reach {farthest:.3g} from 0 along an axis; shapes lie in the cube from -1/2 to 1/2, so move "
                "and scale them there, or give meshes, which are"
            )


class _Gathering:
    """Parts of shapes that come one after the other; each is copied to its row at once, so that none is kept twice."""

    def __init__(self, names: Sequence[str], source: Path) -> None:
        self.names, self.source = names, source
        self.rows: dict[str, Tensor] = {}
        self.holders: dict[str, set[str]] = defaultdict(set)
        self.notes: dict[str, list[str]] = defaultdict(list)
        self.wrong: list[str] = []

    def take(self, place: int, shape: OneShape | Exception) -> None:
        """Add a shape, or the reason why it cannot be read."""
        name = self.names[place]
        if isinstance(shape, ImportError):
            raise shape
        if isinstance(shape, Exception):
            self.wrong.append(str(shape) if name in str(shape) else f"{name}: {shape}")
            return
        if not self.rows:
            check_fits("read_shapes: shapes", len(self.names), sum(part.nbytes for part in shape.parts.values()) or 1)
        for note in shape.notes:
            self.notes[note].append(name)
        for title, part in shape.parts.items():
            rows = self.rows.setdefault(title, part.new_empty((len(self.names), *part.shape)))
            if rows.shape[1:] != part.shape:
                self.wrong.append(f"{name}: {title} {tuple(part.shape)}, unlike {tuple(rows.shape[1:])} of others")
                continue
            rows[place] = part
            self.holders[title].add(name)

    def finished(self, notes: tuple[str, ...], *, options: Mapping[str, str]) -> ShapeSet:
        """The set, with more notes.

        A part that only some shapes have is left out with a note, unless an option asked for it.
        """
        if self.wrong:
            every = "; ".join(self.wrong)
            raise ReadError(f"{self.source}: {len(self.wrong)} of {len(self.names)} shapes cannot be read: {every}")
        for part in list(self.rows):
            if without := self._without(part):
                if part in options:
                    raise ReadError(
                        f"{self.source}: {len(without)} of {len(self.names)} shapes have no {part}: "
                        f"{', '.join(without)}; add them, or leave them out with {options[part]}=None"
                    )
                del self.rows[part]
                self.notes[f"The {part} of the others are left out, as there are none here."] = without
        if not self.rows:
            raise ReadError(f"{self.source}: its {len(self.names)} shapes have none of the parts that are asked for")
        told = [f"{_these(names)}: {note}" for note, names in self.notes.items()]
        return ShapeSet(names=tuple(self.names), notes=(*notes, *told), **self.rows)

    def _without(self, part: str) -> list[str]:
        return [name for name in self.names if name not in self.holders[part]]


def _these(names: list[str]) -> str:
    """The names of the first few of some shapes, and the number of the others."""
    more = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])
