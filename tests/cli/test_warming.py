import pytest

from diffshape.cli import warming
from diffshape.cli.main import main
from diffshape.cli.warming import KERNEL_WORK


@pytest.fixture
def done(monkeypatch):
    parts = []
    for name in list(KERNEL_WORK):
        monkeypatch.setitem(KERNEL_WORK, name, lambda name=name: parts.append(name))
    return parts


def test_every_part_is_done_and_told_and_where_kernels_are_kept(done, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(warming, "kernel_folder", lambda: str(tmp_path))
    assert main(["info", "--warm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert done == list(KERNEL_WORK)
    assert [name in line for name, line in zip(KERNEL_WORK, lines)] == [True] * len(KERNEL_WORK)
    assert str(tmp_path) in lines[-1]


def test_without_a_folder_nothing_is_compiled_in_vain(done, capsys, monkeypatch):
    monkeypatch.setattr(warming, "kernel_folder", lambda: None)
    assert main(["info", "--warm"]) == 1
    assert "NUMBA_CACHE_DIR" in capsys.readouterr().err
    assert done == []
