"""Tensors as safetensors files: whole, with a CRC-32 of names, header and numbers, which is checked when they are read.

Any reader of safetensors reads them. Files of other writers and of earlier versions have no checksum and are read as
they are; where there is one, every wrong bit is found, as a second entry of the header says that there must be one.
"""

import zlib
from collections.abc import Mapping
from os import PathLike
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diffshape._arguments import check, checked
from diffshape._files import atomic_path, nameable

_SUM = "crc32"
"""Entry of the header that holds the checksum."""
_MARK = {"checked": "crc32"}
"""Entry of the header which says that there must be a checksum."""


class TensorFile(NamedTuple):
    """Content of a file of tensors."""

    header: dict[str, str]
    """Strings by name that the writer put beside the tensors."""
    tensors: dict[str, Tensor]
    """Tensors by name, on the CPU."""


@checked
def write_tensors(
    path: str | PathLike[str], tensors: Mapping[str, Tensor], header: Mapping[str, str] | None = None
) -> None:
    """Write tensors and a header of strings as a safetensors file with a checksum, whole or not at all.

    Raises:
        OSError: The disk is full or the folder cannot be written; the error names the file.
    """
    for name, tensor in tensors.items():
        check(f"write_tensors: tensors[{name!r}]", Tensor, tensor)
    plain, marked = _separate(tensors), {**(header or {}), **_MARK}
    content = save(plain, {**marked, _SUM: _checksum(plain, marked)})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def read_tensors(path: str | PathLike[str], *, checked: bool = False) -> TensorFile:
    """Read what `write_tensors` wrote, or a safetensors file without a checksum unless ``checked`` asks for one.

    Raises:
        ValueError: The file is torn or damaged.
        OSError: It cannot be read.
    """
    path = nameable(path)
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder", str(path))
    try:
        with safe_open(path, framework="pt") as file:
            header = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged: it is not a whole safetensors file ({error})") from error
    total = header.pop(_SUM, None)
    if total is None and (checked or not header.keys().isdisjoint(_MARK)):
        raise ValueError(f"{path} is damaged, or not written by this library: it has no checksum")
    if total is not None and total != _checksum(tensors, header):
        raise ValueError(f"{path} is damaged: its checksum is not that of its content")
    return TensorFile({key: value for key, value in header.items() if key not in _MARK}, tensors)


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous CPU tensors of which no two share memory, as safetensors wants them."""
    separate, seen = {}, set()
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        storage = plain.untyped_storage().data_ptr()
        separate[name] = plain.clone() if storage in seen else plain
        seen.add(storage)
    return separate


def _checksum(tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> str:
    total = zlib.crc32(repr(sorted(header.items())).encode())
    for name, tensor in sorted(tensors.items()):
        total = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), total)
        total = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, total)
    return f"{total:08x}"
