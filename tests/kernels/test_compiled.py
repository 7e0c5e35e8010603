import errno
import warnings
from pathlib import Path

import pytest
from numba.core.caching import FunctionCache

import diffshape.kernels
from diffshape.kernels import compiled as module
from diffshape.kernels.compiled import KernelCache, compiled
from diffshape.kernels.parts import Part

HINT = "set NUMBA_CACHE_DIR"


def twice(x):
    return 2 * x


@pytest.fixture(autouse=True)
def first_warning():
    module._warn_once.cache_clear()
    yield
    module._warn_once.cache_clear()


def test_without_a_folder_kernels_work_and_one_warning_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(KernelCache._impl_class, "_locator_classes", [])
    with pytest.warns(UserWarning, match=HINT) as told:
        kernels = [compiled(twice), compiled(twice, inline="always"), compiled(fastmath={"contract"})(twice)]
    assert [kernel(3) for kernel in kernels] == [6, 6, 6]
    assert len(told) == 1


def test_a_full_disk_costs_the_cache_not_the_answer(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FunctionCache, "save_overload", full)
    kernel = compiled(twice)
    with pytest.warns(UserWarning, match=HINT):
        assert kernel(3.0) == 6.0


def test_what_is_compiled_is_kept_and_silent(monkeypatch, tmp_path):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled(twice)(3) == 6
        again = compiled(twice)
        assert again(3) == 6
    assert sum(again.stats.cache_hits.values()) == 1
    assert list(tmp_path.rglob("*.nbc"))


def test_a_folder_that_somebody_else_filled_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    assert compiled(twice)(3) == 6

    def read_only(dir):
        raise PermissionError(errno.EACCES, "Permission denied", dir)

    monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    again = compiled(twice)
    assert again(3) == 6
    assert sum(again.stats.cache_hits.values()) == 1
    assert again._cache.cache_path.startswith(str(tmp_path))


def test_a_number_in_a_call_is_no_type_of_its_own():
    inner = compiled(twice)
    outer = compiled(lambda: inner(1) + inner(2) + inner(3))
    assert outer() == 12
    assert len(inner.part.overloads) == 1


def test_without_just_in_time_compilation_kernels_are_python(monkeypatch):
    monkeypatch.setattr("numba.core.config.DISABLE_JIT", 1)
    assert compiled(twice) is twice


def test_every_kernel_is_compiled_in_this_way():
    """Else it would fail where no cache folder can be written, and hold the GIL."""
    files = Path(next(iter(diffshape.kernels.__path__))).glob("numba_*.py")
    assert not [path.name for path in files if "njit" in path.read_text()]


@compiled
def halved(number) -> float:
    if number < 0:
        raise ValueError("a negative number")
    return number / 2


@compiled
def quartered(number) -> float:
    return halved(halved(number))


def test_a_function_that_a_kernel_calls_is_a_part_and_python_calls_its_own_machine_code():
    assert quartered(8.0) == 2.0
    (code,) = halved.part.overloads.values()
    assert isinstance(code.library, Part)
    assert not halved.overloads
    assert halved(8.0) == 4.0
    assert not isinstance(next(iter(halved.overloads.values())).library, Part)
    assert len(halved.part.overloads) == 1


def test_parts_of_parts_are_taken_in():
    sixteenth = compiled(lambda number: quartered(quartered(number)))
    assert sixteenth(8.0) == 0.5


def test_an_error_of_a_part_is_raised():
    with pytest.raises(ValueError, match="a negative number"):
        quartered(-1.0)
