"""What the interpreter cannot show: the Triton kernels compile for an H100, without a GPU, and fuse what they shall."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("triton")

FLOAT, WHOLE, COUNT = "*fp32", "*i32", "i32"
CLOUD, SHAPE = [FLOAT, WHOLE, FLOAT, WHOLE, FLOAT, WHOLE], {"TILE": 32, "CHUNK": 128}
SEARCH = [FLOAT, WHOLE, FLOAT, COUNT, COUNT, *CLOUD, COUNT, COUNT, COUNT, FLOAT, "*i64", WHOLE]
ENCODE = [FLOAT, FLOAT, FLOAT, FLOAT, WHOLE, FLOAT, FLOAT, COUNT]
SPREAD = [FLOAT, FLOAT, FLOAT, FLOAT, FLOAT, WHOLE, FLOAT, COUNT]
PLACES = {"F": 2, "SLOTS": 2, "SMOOTH": True, "JACOBIAN": True, "BLOCK": 256}
QUERY = [FLOAT, "*i64", WHOLE, FLOAT, WHOLE, FLOAT, "*fp16", "*fp16", *[FLOAT] * 4, COUNT, *["fp32"] * 4]
FIELD = {"ORDERED": True, "SMOOTH": False, "L": 16, "F": 2, "LEVELS": 16, "WIDTH": 64, "BLOCK": 128}
RELU_2 = {**FIELD, "READS_POINT": False, "RELU": True, "HIDDEN": 2}
SOFTPLUS_1 = {**FIELD, "READS_POINT": True, "RELU": False, "HIDDEN": 1}
FUSED = [
    ("triton_hash_encode", "_encode_kernel", ENCODE, PLACES, 4),
    ("triton_hash_encode", "_encode_backward_kernel", SPREAD, PLACES, 4),
    ("triton_hash_grid", "_query_kernel", QUERY, RELU_2, 8),
    ("triton_hash_grid", "_query_kernel", QUERY, SOFTPLUS_1, 8),
]
"""Kernels with sums by ``tl.fma``."""
KERNELS = [
    (
        "triton_neighbors",
        "_nearest_kernel",
        [FLOAT, FLOAT, WHOLE, FLOAT, "*i64", COUNT, COUNT, COUNT],
        {"BLOCK": 16, "TILE": 128},
        4,
    ),
    ("triton_tiles", "_codes_kernel", [FLOAT, FLOAT, FLOAT, "*i64", COUNT, COUNT], {"BLOCK": 1024}, 4),
    ("triton_tiles", "_pack_kernel", [FLOAT, "*i64", WHOLE, *CLOUD, COUNT, COUNT, COUNT], SHAPE, 8),
    ("triton_tiles", "_search_kernel", SEARCH, {"K": 1, "SLOTS": 1, **SHAPE, "CHUNKS": 32}, 1),
    ("triton_tiles", "_search_kernel", SEARCH, {"K": 5, "SLOTS": 8, **SHAPE, "CHUNKS": 32}, 1),
]
PROGRAM = """
import importlib, json, sys
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
module, name, types, constants, warps = json.loads(sys.argv[1])
kernel = getattr(importlib.import_module("diffshape.kernels." + module), name)
types = iter(types)
signature = {each: "constexpr" if each in constants else next(types) for each in kernel.arg_names}
options = {"num_warps": warps, "enable_fp_fusion": False}
compiled = compile(ASTSource(kernel, signature, constants), target=GPUTarget("cuda", 90, 32), options=options)
assert compiled.asm["cubin"] and not list(types)
print(compiled.asm["ptx"])
"""


def machine_code(kernel, folder):
    """PTX for an H100, from an interpreter that does not know of TRITON_INTERPRET."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(kernel)],
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "TRITON_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert ".target sm_90" in done.stdout
    return done.stdout


def name_of(kernel):
    return "-".join([kernel[1], *(str(kernel[3].get(name, "")) for name in ("K", "HIDDEN"))])


@pytest.mark.parametrize("kernel", KERNELS, ids=name_of)
def test_a_kernel_compiles_to_machine_code_that_rounds_every_product(kernel, tmp_path):
    assert "fma.rn" not in machine_code(kernel, tmp_path)


@pytest.mark.parametrize("kernel", FUSED, ids=name_of)
def test_a_kernel_compiles_to_machine_code_that_keeps_what_places_a_point_apart(kernel, tmp_path):
    """One half is added to a product in each of three axes, so that what places a point is rounded twice."""
    code = machine_code(kernel, tmp_path)
    halves = [line for line in code.splitlines() if "0f3F000000" in line]
    assert len(halves) >= 3
    assert all("add" in line for line in halves), halves
    if kernel[1] == "_encode_backward_kernel":
        assert "red.global" in code
    if kernel[1] == "_query_kernel":
        assert "wgmma.mma_async" in code
        assert "ld.local" not in code
