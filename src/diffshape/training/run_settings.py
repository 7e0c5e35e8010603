"""What the settings of every training share: a version, and the way to a YAML file and back. Needs no torch."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from diffshape._arguments import checked
from diffshape._config import from_plain, to_plain
from diffshape._typed import shown

VERSION = 1
Settings = TypeVar("Settings", bound="TrainingSettings")


class TrainingSettings:
    """Base of the frozen dataclasses that hold one training, complete."""

    MODEL: ClassVar[str]
    """What is trained, as ``diffshape train`` and files call it."""
    TITLE: ClassVar[str]
    """What errors call such a training."""
    KINDS: ClassVar[Mapping[str, type]]
    """Names of the dataclasses of which a setting is one of several."""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and dictionaries."""
        return {"version": VERSION, "model": self.MODEL, **to_plain(self, self.KINDS)}

    @classmethod
    @checked
    def from_dict(cls: type[Settings], plain: Mapping[str, Any]) -> Settings:
        """The settings that ``to_dict`` wrote.

        Raises:
            ValueError: The version or the model is another one, or a key is unknown.
        """
        values = dict(plain)
        version, model = values.pop("version", None), values.pop("model", None)
        if (version, model) != (VERSION, cls.MODEL):
            raise ValueError(
                f"{cls.__name__}: version must be {VERSION} and model {cls.MODEL!r}, "
                f"got {shown(version)} and {shown(model)}"
            )
        return from_plain(cls, values, cls.KINDS)
