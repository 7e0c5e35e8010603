"""Base of the settings of fits and trainings: their budget, and the way to a config.yaml and back. Needs no torch."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from diffshape._arguments import check, checked
from diffshape._bounds import check_budget
from diffshape._config import Kinds, from_plain, to_plain
from diffshape._typed import shown
from diffshape.training.schedule import Budget, Seconds, Steps

VERSION = 2
Settings = TypeVar("Settings", bound="RunSettings")


class RunSettings:
    """Base of the frozen dataclasses that hold everything one run depends on besides its input."""

    VERB: ClassVar[str]
    """Command that begins such a run, and kind of its config.yaml: "fit", "train deep-sdf"."""
    TITLE: ClassVar[str]
    """Name of such a run in errors: "fit", "DeepSDF training"."""
    KINDS: ClassVar[Kinds]
    """Names of the dataclasses of which a setting is one of several."""

    steps: int | None
    """Optimiser steps; None if the run has a budget of seconds."""
    seconds: float | None
    """Seconds of optimisation; None if the run has a budget of steps."""
    seed: int
    """Seed of all that is drawn."""

    def check_budget(self) -> None:
        """Check that one of steps and seconds is given, and the range of both and of the seed.

        Raises:
            ValueError: Both are given or neither, or a number is out of its range.
        """
        title = type(self).__name__
        if (self.steps is None) == (self.seconds is None):
            raise ValueError(f"{title}: give steps or seconds, one of them, got {self.steps} and {self.seconds}")
        check_budget(title, steps=self.steps, seconds=self.seconds, seed=self.seed)

    @property
    def budget(self) -> Budget:
        """Steps or seconds, whichever is given."""
        return Seconds(self.seconds) if self.steps is None else Steps(self.steps)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and dictionaries, with the version and the kind of run."""
        return {"version": VERSION, "kind": self.VERB, **to_plain(self, self.KINDS)}

    @classmethod
    @checked
    def from_dict(cls: type[Settings], plain: Mapping[str, Any], base: Settings | None = None) -> Settings:
        """The settings that ``to_dict`` wrote; with a ``base``, ``plain`` may be a part, and the base has the others.

        With a base, version and kind may be left out too. Steps that are given replace seconds of the base, and seconds
        its steps.

        Raises:
            ValueError: The version or the kind is another one, or a key is unknown, missing, or of a value that does
                not suit it.
        """
        check(f"{cls.__name__}.from_dict: base", cls | None, base)
        values = dict(plain)
        version = values.get("version")
        if type(version) is int and 0 < version < VERSION and values.get("kind", cls.VERB) == cls.VERB:
            raise ValueError(
                f"{cls.__name__}: version must be {VERSION}, got {version}: an earlier version of diffshape wrote "
                "this, and it alone can read it; begin anew in another folder"
            )
        own = {"kind": cls.VERB, "version": VERSION}
        for key, wanted in own.items():
            given = values.pop(key, None if base is None else wanted)
            if given != wanted or type(given) is not type(wanted):
                raise ValueError(f"{cls.__name__}: {key} must be {wanted!r}, got {shown(given)}")
        if base is not None:
            for given, other in (("steps", "seconds"), ("seconds", "steps")):
                if values.get(given) is not None:
                    values.setdefault(other, None)
        return from_plain(cls, values, cls.KINDS, base=base)


def steps_or(usual: int | None, steps: int | None, seconds: float | None) -> int | None:
    """The steps of a budget: the usual number where neither steps nor seconds are given.

    >>> steps_or(600, None, None), steps_or(600, 7, None), steps_or(600, None, 2.0)
    (600, 7, None)
    """
    return usual if steps is None and seconds is None else steps
