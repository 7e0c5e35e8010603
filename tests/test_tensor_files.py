"""Files of tensors: every wrong bit is found, files without a checksum are read, a full disk names the file."""

import errno
import os

import pytest
import torch
from safetensors.torch import save_file

from diffshape._files import atomic_path, remove_leftovers
from diffshape._tensor_files import read_tensors, write_tensors

TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(3)}


def test_every_single_wrong_bit_of_header_and_numbers_is_found(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, TENSORS, {"step": "7"})
    whole = path.read_bytes()
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"a\.safetensors is damaged"):
            read_tensors(path)


def test_what_was_written_comes_back_and_the_checksum_is_not_shown(tmp_path):
    write_tensors(tmp_path / "a.safetensors", TENSORS, {"step": "7"})
    header, tensors = read_tensors(tmp_path / "a.safetensors")
    assert header == {"step": "7"}
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


def test_a_file_without_a_checksum_is_read_unless_one_is_asked_for(tmp_path):
    path = tmp_path / "old.safetensors"
    save_file(TENSORS, path, metadata={"step": "7"})
    assert read_tensors(path).header == {"step": "7"}
    with pytest.raises(ValueError, match=r"old\.safetensors is damaged, or not written by this library"):
        read_tensors(path, checked=True)


def test_an_error_names_the_file_that_could_not_be_written(tmp_path):
    def fill(path):
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left") as caught:
        fill(tmp_path / "a.txt")
    assert caught.value.filename == str(tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "a.txt"):
        (tmp_path / "other.txt").read_text()
    assert caught.value.filename == str(tmp_path / "other.txt")


def test_only_what_a_killed_write_left_is_removed(tmp_path):
    kept = [tmp_path / name for name in (".gitignore", ".lock", "a-0a1b2c3d.txt", ".notes-draft.txt")]
    gone = [tmp_path / name for name in (".mesh-0a1b2c3d.ply", ".tmpMBziZK", "model/.config-00ff00ff.yaml")]
    (tmp_path / "model").mkdir()
    for path in kept + gone:
        path.touch()
    remove_leftovers(tmp_path)
    assert [path.exists() for path in kept] == [True] * 4
    assert [path.exists() for path in gone] == [False] * 3
