"""One process, and one thread, at a time in a folder; who is killed leaves no lock."""

import signal
import threading

import pytest

from diffshape.training import FolderInUseError, only_here
from other_process import holding

HOLDER = (
    "import sys\n"
    "from diffshape.training import only_here\n"
    "with only_here(sys.argv[1]):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path):
    """Another process in the folder."""
    pytest.importorskip("fcntl")
    with holding(HOLDER, tmp_path / "run") as process:
        yield process


def test_another_process_is_refused_by_name_until_it_is_killed(holder, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(FolderInUseError, match=f"{folder} is in use: process {holder.pid} on .* is at work in it"):
        only_here(folder).__enter__()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (folder / ".lock").is_file()
    with only_here(folder):
        pass
    assert not any(folder.iterdir())


def test_another_thread_is_refused_and_the_same_one_may_enter_again(tmp_path):
    refused = []

    def enter():
        try:
            with only_here(tmp_path):
                refused.append(None)
        except FolderInUseError as error:
            refused.append(str(error))

    with only_here(tmp_path):
        with only_here(tmp_path):
            pass
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert refused == [f"{tmp_path} is in use: another thread of this process is at work in it"]
    enter()
    assert refused[1] is None


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path):
    with only_here(tmp_path / "new" / "run"):
        assert (tmp_path / "new" / "run" / ".lock").is_file()
    assert not (tmp_path / "new").exists()
    with only_here(tmp_path / "used"):
        (tmp_path / "used" / "a.txt").touch()
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["a.txt"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("a note")
    with pytest.raises(NotADirectoryError, match=r"is a file, not a folder: .*run"):
        only_here(tmp_path / "run").__enter__()
    assert (tmp_path / "run").read_text() == "a note"
