"""Checkpoint files: exact, whole or refused, the newest few kept."""

import errno
import os
import signal

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffshape.training import Checkpoint, CheckpointFolder, Steps, read_checkpoint
from diffshape.training.checkpoint import write_checkpoint


def flip_a_bit(path, at=0.5):
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 1
    path.write_bytes(data)


def checkpoint(step=3, **tensors):
    return Checkpoint(step, 1.5, tensors or {"modules/net/weight": torch.arange(100.0)})


def test_every_kind_of_tensor_comes_back_as_it_was(tmp_path):
    base = torch.randn(6, 4)
    tensors = {
        "whole": base,
        "transposed": base.t(),
        "row": base[2],
        "same memory": base.view(24),
        "spread": torch.ones(1).expand(5),
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 3),
        "double": torch.randn(2, dtype=torch.float64),
        "half": torch.randn(3).bfloat16(),
        "mask": torch.tensor([True, False]),
        "generator": torch.Generator().get_state(),
        "nan": torch.tensor([float("nan"), -0.0]),
        "trained": torch.nn.Parameter(torch.ones(2)),
    }
    path = tmp_path / "new folder" / "a.safetensors"
    write_checkpoint(path, Checkpoint(7, 0.1, tensors))
    back = read_checkpoint(path)
    assert (back.step, back.seconds) == (7, 0.1)
    assert back.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(back.tensors[name], tensor.detach(), rtol=0, atol=0, equal_nan=True)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.safetensors"]


def test_others_may_read_it_if_the_umask_says_so(tmp_path):
    write_checkpoint(tmp_path / "a.safetensors", checkpoint())
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "a.safetensors").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("at", [0.05, 0.3, 0.6, 0.99])
def test_one_wrong_bit_is_found(tmp_path, at):
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, checkpoint())
    flip_a_bit(path, at)
    with pytest.raises(ValueError, match=r"a\.safetensors is (damaged|not a whole)"):
        read_checkpoint(path)


@pytest.mark.parametrize("size", [0, 5, 60, 400])
def test_a_cut_file_is_found(tmp_path, size):
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, checkpoint())
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        read_checkpoint(path)


def test_foreign_safetensors_and_missing_files_are_refused(tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"a\.safetensors is damaged, or not written by this library"):
        read_checkpoint(tmp_path / "a.safetensors")
    with pytest.raises(FileNotFoundError):
        read_checkpoint(tmp_path / "none.safetensors")


def test_keeps_the_newest_and_clears_what_a_killed_save_left(tmp_path):
    folder = CheckpointFolder(tmp_path, every=Steps(1), keep=2)
    (tmp_path / ".step_000001-0a1b.safetensors").touch()
    (tmp_path / ".tmpMBziZK").touch()
    (tmp_path / "notes.txt").touch()
    for step in (5, 10, 999_999, 1_000_000):
        folder.save(checkpoint(step))
    assert list(folder.paths()) == [999_999, 1_000_000]
    assert {entry.name for entry in tmp_path.iterdir()} == {
        "step_999999.safetensors",
        "step_1000000.safetensors",
        "notes.txt",
    }
    assert folder.newest().step == 1_000_000


def test_a_damaged_newest_falls_back_with_a_note_and_does_not_push_out_good_ones(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=2)
    folder.save(checkpoint(10))
    flip_a_bit(folder.save(checkpoint(20)))
    with pytest.warns(UserWarning, match=r"step_000020.* falling back"):
        assert folder.newest().step == 10
    folder.save(checkpoint(15))
    assert list(folder.paths()) == [10, 15, 20]


def test_no_checkpoint_and_none_readable(tmp_path):
    folder = CheckpointFolder(tmp_path / "none")
    assert folder.newest() is None
    flip_a_bit(folder.save(checkpoint()))
    with (
        pytest.warns(UserWarning, match="falling back"),
        pytest.raises(ValueError, match=r"none of the 1 checkpoints in .* can be read"),
    ):
        folder.newest()


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path):
    """A real failing write: the process may not make files above 1000 bytes."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, checkpoint())
    old = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            write_checkpoint(path, checkpoint(weight=torch.zeros(10_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_bytes() == old
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]


def test_any_reader_of_safetensors_can_read_it(tmp_path):
    write_checkpoint(tmp_path / "a.safetensors", checkpoint())
    assert torch.equal(load_file(tmp_path / "a.safetensors")["modules/net/weight"], torch.arange(100.0))


def test_keep_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="keep must be at least 1, got 0"):
        CheckpointFolder(tmp_path, keep=0)
