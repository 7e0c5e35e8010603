"""What the interpreter cannot show: the Triton kernels compile for an H100, without a GPU, and fuse no product."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("triton")

FLOAT, WHOLE, COUNT = "*fp32", "*i32", "i32"
CLOUD, SHAPE = [FLOAT, WHOLE, FLOAT, WHOLE, FLOAT, WHOLE], {"TILE": 32, "CHUNK": 128}
SEARCH = [FLOAT, WHOLE, FLOAT, COUNT, COUNT, *CLOUD, COUNT, COUNT, COUNT, FLOAT, "*i64", WHOLE]
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


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: f"{kernel[1]}-{kernel[3].get('K', '')}")
def test_a_kernel_compiles_to_machine_code_that_rounds_every_product(kernel, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(kernel)],
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert ".target sm_90" in done.stdout
    assert "fma.rn" not in done.stdout
