"""Shapes read one by one, by several processes if wanted, into one set."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from diffshape._bounds import check_fits
from diffshape.data.arrays import ReadError
from diffshape.data.shape_sets.layouts.layout import Found, OneShape, Reader, Wanted
from diffshape.data.shape_sets.shape_set import ShapeSet

_FARTHEST = 1.0
"""Largest coordinate of a shape, which lies about the cube from -1/2 to 1/2."""
_NAMED = 3
"""Number of shapes that a note names."""
_CURES = {
    "points": "points=0", "normals": "points=0", "volume_points": "volume_points=0", "near_points": "near_points=0",
    "near_distances": "near_points=0", "voxels": "resolution=0", "images": "views=0", "views": "views=0",
}  # fmt: skip
"""Arguments with which parts are left out."""


class ShapeReaders(Dataset):
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

    Raises:
        ReadError: Some cannot be read, or lack a part that others have; all of these are named.
        ImportError: Files need an extra that is not installed.
    """
    names = tuple(found.readers)
    if not names:
        raise ReadError(f"{source}: no shapes are left. {' '.join(found.notes)}".rstrip())
    rows: dict[str, Tensor] = {}
    holders: dict[str, list[str]] = defaultdict(list)
    notes: dict[str, list[str]] = defaultdict(list)
    wrong = []
    for place, shape in enumerate(_read_all(ShapeReaders(found.readers, wanted, seed), workers)):
        if isinstance(shape, ImportError):
            raise shape
        if isinstance(shape, Exception):
            wrong.append(str(shape) if names[place] in str(shape) else f"{names[place]}: {shape}")
            continue
        for note in shape.notes:
            notes[note].append(names[place])
        if not rows:
            check_fits("read_shapes: shapes", len(names), sum(part.nbytes for part in shape.parts.values()) or 1)
        for name, part in shape.parts.items():
            own = rows.setdefault(name, part.new_empty((len(names), *part.shape)))
            if own.shape[1:] != part.shape:
                wrong.append(f"{names[place]}: {name} {tuple(part.shape)}, others {tuple(own.shape[1:])}")
                continue
            own[place] = part
            holders[name].append(names[place])
    if wrong:
        raise ReadError(f"{source}: {len(wrong)} of {len(names)} shapes cannot be read: {'; '.join(wrong)}")
    _check_complete(names, holders, source)
    told = [f"{_these(some)}: {note}" for note, some in notes.items()]
    return ShapeSet(names=names, notes=(*found.notes, *told), **rows)


def _read_all(shapes: ShapeReaders, workers: int) -> Iterator[OneShape | Exception]:
    """The shapes in order. The loader gets a generator, as it would else draw from the global one."""
    return iter(
        DataLoader(shapes, batch_size=None, num_workers=workers, collate_fn=_as_it_is, generator=torch.Generator())
    )


def _as_it_is(shape: OneShape | Exception) -> OneShape | Exception:
    return shape


def _check_place(parts: Mapping[str, Tensor]) -> None:
    for name in ("points", "volume_points", "near_points"):
        if name in parts and not (farthest := float(parts[name].abs().max())) <= _FARTHEST:
            raise ReadError(
                f"{name} reach {farthest:.3g} from 0 along an axis; shapes lie in the cube from -1/2 to 1/2, so move "
                "and scale them there, or give meshes, which are"
            )


def _check_complete(names: tuple[str, ...], holders: Mapping[str, list[str]], source: Path) -> None:
    """Every part is known of every shape, and there is one."""
    if not holders:
        raise ReadError(f"{source}: its {len(names)} shapes have none of the parts that are asked for")
    for part, some in holders.items():
        if len(some) < len(names):
            without = sorted(set(names) - set(some))
            cure = f"; add them or leave them out with {_CURES[part]}" if part in _CURES else ""
            raise ReadError(
                f"{source}: {len(without)} of {len(names)} shapes have no {part}: {', '.join(without)}{cure}"
            )


def _these(names: list[str]) -> str:
    """The names of the first few of some shapes, and the number of the others."""
    more = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])
