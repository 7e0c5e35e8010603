import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from numba.core.caching import FunctionCache

import diffshape.kernels
from diffshape.kernels import compiled as module
from diffshape.kernels.compiled import KernelCache, compiled

HINT = "set NUMBA_CACHE_DIR"

FIELD_GRADIENTS = """
import hashlib, torch
from diffshape.fields import HashGrid, HashGridConfig
torch.set_num_threads(1)
torch.manual_seed(0)
network = {"width": 32, "hidden_layers": 2, "beta": float("inf"), "reads_point": False}
field = HashGrid(HashGridConfig(levels=4, log2_entries=10, **network))
value = field(torch.rand(1000, 3, generator=torch.Generator().manual_seed(0)) - 0.5).abs().mean()
value.backward()
for each in (value, *(parameter.grad for parameter in field.parameters())):
    print(hashlib.sha256(each.detach().numpy().tobytes()).hexdigest())
"""


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
    assert len(inner.overloads) == 1


def test_without_just_in_time_compilation_kernels_are_python(monkeypatch):
    monkeypatch.setattr("numba.core.config.DISABLE_JIT", 1)
    assert compiled(twice) is twice


def test_every_kernel_is_compiled_in_this_way():
    """Else it would fail where no cache folder can be written, and hold the GIL."""
    files = Path(next(iter(diffshape.kernels.__path__))).glob("numba_*.py")
    assert not [path.name for path in files if "njit" in path.read_text()]


@pytest.mark.slow
def test_a_process_that_compiles_and_one_that_loads_compute_the_same_gradients_of_a_field(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    cold, warm = (
        subprocess.run(
            [sys.executable, "-c", FIELD_GRADIENTS], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert list(tmp_path.rglob("*.nbc"))
    assert len(cold.split()) >= 4
    assert cold == warm
