"""A loss with arguments of which it is known what each is, so that they can be moved, scaled and reordered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor


class Argument(NamedTuple):
    """A tensor of a loss: float64, batch first unless it is ``shared``, then the axis of its elements."""

    values: Tensor
    elements: str | None = None
    """Which points, vertices, pixels or candidates its axis lists: those of the same name go together."""
    kind: Literal["number", "point", "direction", "faces"] = "number"
    """Points are moved and turned, directions are turned."""
    power: float = 0
    """By which power of the unit of length it is multiplied when that changes."""
    axis: int = 1
    shared: bool = False
    """One for the whole batch; its axis is then 0."""
    learned: bool = True
    """Whether it has derivatives."""

    @property
    def is_float(self) -> bool:
        """Whether it has a precision."""
        return self.values.is_floating_point()


def point(values: Tensor, elements: str = "points", **more: Any) -> Argument:
    """Coordinates."""
    return Argument(values, elements, "point", 1, **more)


def number(values: Tensor, elements: str | None = "points", **more: Any) -> Argument:
    """What a motion leaves alone."""
    return Argument(values, elements, **more)


def constant(values: Tensor, elements: str | None = "points", **more: Any) -> Argument:
    """What a motion leaves alone, without derivatives."""
    return Argument(values, elements, learned=False, **more)


def mesh_faces(values: Tensor, elements: str = "vertices") -> Argument:
    """Triangles: numbers of vertices, one topology for the batch."""
    return Argument(values, elements, "faces", shared=True, learned=False)


Arguments = dict[str, Argument]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A loss and what it promises beyond the laws that hold for every loss."""

    function: Callable[..., Tensor]
    """The loss, or what makes one tensor of its result."""
    arguments: Arguments
    options: Mapping[str, Any] = field(default_factory=dict)
    degree: float | None = None
    """Power of the unit of length by which the value is multiplied when that changes."""
    lengths: Mapping[str, float] = field(default_factory=dict)
    """Options that are measured in a power of the unit of length."""
    masks: Mapping[str, str] = field(default_factory=dict)
    """Argument that masks, and the elements it masks."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """Argument that weighs, and the elements it weighs."""
    equal: Mapping[str, str] = field(default_factory=dict)
    """Arguments, and those that they equal where the loss is at its least."""
    least: float = 0.0
    tiles: int = 8
    """How often the elements are repeated for two threads to have work."""
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Laws that do not hold, and why; a law in brackets cannot be asked of it at all."""

    def __call__(self, arguments: Arguments | None = None, **options: Any) -> Tensor:
        """The value at these arguments, or at its own."""
        given = {name: each.values for name, each in (arguments or self.arguments).items()}
        return self.function(**given, **{**self.options, **options})

    def changed(self, change: Callable[[Argument], Tensor]) -> Arguments:
        """The arguments with other values."""
        return {name: each._replace(values=change(each)) for name, each in self.arguments.items()}

    def learned(self, arguments: Arguments | None = None) -> list[str]:
        """Names of the arguments that have derivatives."""
        return [name for name, each in (arguments or self.arguments).items() if each.learned and each.is_float]

    @property
    def counts(self) -> dict[str, int]:
        """How many elements of each name there are."""
        axes = [each for each in self.arguments.values() if each.elements and each.kind != "faces"]
        return {each.elements: each.values.shape[0 if each.shared else each.axis] for each in axes}

    @property
    def batch(self) -> int:
        """How many samples there are."""
        return next(len(each.values) for each in self.arguments.values() if not each.shared)

    def sample(self, index: int) -> "Row":
        """One sample without its axis of the batch."""
        arguments = {
            name: each if each.shared else each._replace(values=each.values[index], axis=each.axis - 1)
            for name, each in self.arguments.items()
        }
        return Row(**{**vars(self), "arguments": arguments})

    def taken(self, elements: str, places: Tensor) -> Arguments:
        """The elements at these places, in their order; faces with all corners among them."""
        return self.changed(lambda each: _take(each, places) if each.elements == elements else each.values)


def _take(argument: Argument, places: Tensor) -> Tensor:
    if argument.kind != "faces":
        return argument.values.index_select(0 if argument.shared else argument.axis, places)
    numbers = torch.full((int(max(argument.values.max(), places.max())) + 1,), -1)
    numbers[places] = torch.arange(len(places))
    faces = numbers[argument.values]
    return faces[(faces >= 0).all(1)]
