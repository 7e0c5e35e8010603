"""Files written whole or not at all: beside their place under another name, then renamed into it.

A full disk, a crash or Ctrl-C leaves the old file as it was. Only a process that is killed while it writes leaves its
temporary file; `remove_leftovers` knows these by their names.
"""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from diffshape._arguments import checked
from diffshape._typed import shown

_LEFTOVER = re.compile(r"\.(.+-[0-9a-f]{4,8}(\.\w+)?|tmp\w{6})")
"""Names that ``atomic_path`` gives, and those of the library safetensors, which wrote tensors in earlier versions."""

_LARGEST = 2**20
"""Largest size of a file of settings, in bytes."""


@contextmanager
@checked
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside ``path``, of the same suffix, that becomes ``path`` when the block ends well.

    Folders on the way are made. If the block raises, the temporary file is removed and ``path`` stays as it was.

    Raises:
        OSError: The file cannot be written; the error names ``path``.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with atomic_path(Path(folder, "a.txt")) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     Path(folder, "a.txt").read_text(), len(list(Path(folder).iterdir()))
    ('whole', 1)
    """
    path = nameable(path)
    if not path.name:
        raise IsADirectoryError(21, "is a folder", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise  # it is about another file
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):  # which would hide why nothing could be written
            temporary.unlink(missing_ok=True)


def nameable(path: str | os.PathLike[str]) -> Path:
    """The path, if it is one that files can have.

    Raises:
        ValueError: It has a NUL character, or half a character that is stored as two.
    """
    try:
        if b"\0" not in os.fsencode(path):
            return Path(path)
    except UnicodeEncodeError:
        pass
    raise ValueError(f"path {os.fspath(path)!r} has a character that no file name can have")


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed while they wrote left in a folder and in the folders in it."""
    for path in (*folder.glob(".*"), *folder.glob("*/.*")):
        if is_leftover(path):
            path.unlink(missing_ok=True)


def is_leftover(path: Path) -> bool:
    """Whether a file was left by a process that was killed while it wrote."""
    return bool(_LEFTOVER.fullmatch(path.name)) and path.is_file()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain values by name as indented JSON."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain values by name as YAML, in their order."""
    import yaml

    with atomic_path(path) as temporary:
        temporary.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")


def read_yaml(path: Path, loader: Any = None) -> dict[str, Any]:
    """The settings by name that a YAML file holds; nothing in it is executed.

    Args:
        path: The file.
        loader: A ``yaml.SafeLoader`` with tags of its own; None: one without.

    Raises:
        ValueError: The file holds something else, whatever it is.
        OSError: It cannot be read.
    """
    import yaml

    return _read(path, partial(yaml.load, Loader=loader or yaml.SafeLoader), "YAML")


def read_json(path: Path) -> dict[str, Any]:
    """The settings by name that a JSON file holds.

    Raises:
        ValueError: The file holds something else, whatever it is.
        OSError: It cannot be read.
    """
    return _read(path, json.loads, "JSON")


def _read(path: Path, load: Any, language: str) -> dict[str, Any]:
    content = path.read_bytes()
    if len(content) > _LARGEST:
        raise ValueError(f"{path} holds no settings: it is larger than {_LARGEST >> 20} MB")
    try:
        plain = load(content.decode())
    except Exception as error:  # whatever the library makes of nonsense, RecursionError included
        raise ValueError(f"{path} is not {language}: {' '.join(str(error).split())}") from error
    if not isinstance(plain, dict):
        raise ValueError(f"{path} holds no settings by name, but {shown(plain)}")
    return plain
