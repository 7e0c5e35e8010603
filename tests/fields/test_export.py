import json
import math
import subprocess
import sys

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.torch_version import TorchVersion

from diffshape.fields import (
    FeatureGridConfig,
    Field,
    FramedField,
    HashGrid,
    HashGridConfig,
    MLPConfig,
    SirenConfig,
    build_field,
    export,
    load_field,
)
from diffshape.ops import GridLayout, hash_encode

GRID = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 8}  # the finest level is hashed
CONFIGS = {
    "mlp": MLPConfig(hidden_layers=3, width=16, skip=(2,)),
    "mlp with weight norm": MLPConfig(hidden_layers=3, width=16, skip=(2,), beta=math.inf, weight_norm=True),
    "siren": SirenConfig(hidden_layers=3, width=16, start="multi-frequency"),
    "hash": HashGridConfig(**GRID, width=12),
    "grid": FeatureGridConfig(**GRID, interpolation="smoothstep"),
}
FRAME = {"center": (100.0, -2.0, 3.0), "scale": 4.0}
SIZES = (1, 1000, 0)


class Ball(Field):
    def evaluate(self, points):
        return points.norm(dim=-1) - 1


def rough(kind):
    field = build_field(CONFIGS[kind])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return field


def points_of(count, frame):
    unit = torch.rand(count, 3, generator=torch.Generator().manual_seed(count)) * 2.4 - 1.2
    return unit * frame["scale"] + torch.tensor(frame["center"]) if frame else unit


def values_of(field, count, frame):
    with torch.no_grad():
        return FramedField(field, **frame)(points_of(count, frame))


@pytest.mark.parametrize("kind", CONFIGS)
def test_safetensors_load_back_to_the_same_field(kind, tmp_path):
    field = rough(kind)
    loaded = load_field(export(field, tmp_path / "field.safetensors"))
    assert type(loaded) is type(field)
    assert loaded.config == field.config
    assert torch.equal(loaded(points_of(50, {})), field(points_of(50, {})))
    assert loaded.state_dict().keys() == field.state_dict().keys()


def test_safetensors_keep_frame_and_precision(tmp_path):
    field = rough("grid").double()
    loaded = load_field(export(field, tmp_path / "field.safetensors", **FRAME))
    points = points_of(50, FRAME).double()
    assert torch.equal(loaded(points), FramedField(field, **FRAME)(points))
    assert (loaded.center, loaded.scale) == (FRAME["center"], FRAME["scale"])


def test_the_header_is_plain(tmp_path):
    path = export(HashGrid(levels=3, finest=16, beta=math.inf), tmp_path / "field.safetensors", **FRAME)
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    config = json.loads(header["config"], parse_constant=pytest.fail)  # JSON knows no infinity
    assert (config["kind"], config["levels"], config["beta"]) == ("hash-grid", 3, "inf")
    assert json.loads(header["center"]) == [100.0, -2.0, 3.0]


RUN_WITHOUT_THE_LIBRARY = """
import sys
sys.modules["diffshape"] = None
import torch
from safetensors.torch import load_file, save_file
module = torch.jit.load(sys.argv[1])
save_file({name: module(points) for name, points in load_file(sys.argv[2]).items()}, sys.argv[3])
try:
    import diffshape
except ImportError:
    print("without")
"""


@pytest.mark.parametrize("frame", [{}, FRAME], ids=["unit", "framed"])
@pytest.mark.parametrize("kind", CONFIGS)
def test_torchscript_runs_without_this_library(kind, frame, tmp_path):
    field = rough(kind)
    module = export(field, tmp_path / "field.pt", **frame)
    save_file({str(count): points_of(count, frame) for count in SIZES}, tmp_path / "points")
    files = [str(tmp_path / name) for name in ("points", "values")]
    command = [sys.executable, "-c", RUN_WITHOUT_THE_LIBRARY, str(module), *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "without\n", done.stderr
    values = load_file(tmp_path / "values")
    for count in SIZES:
        torch.testing.assert_close(values[str(count)], values_of(field, count, frame), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_traced_graph_names_no_device(kind, tmp_path):
    """Else the points of a module moved to a GPU would meet tensors made on the CPU."""
    module = torch.jit.load(export(rough(kind), tmp_path / "field.pt", **FRAME))
    assert "Device = " not in str(module.inlined_graph)


@pytest.mark.parametrize(("kind", "frame"), [("mlp", {}), ("siren", {}), ("hash", FRAME), ("grid", {})])
def test_onnx_answers_the_same(kind, frame, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    field = rough(kind)
    path = export(field, tmp_path / "field.onnx", **frame)
    session = onnxruntime.InferenceSession(path)
    for count in SIZES[:2]:  # onnxruntime cannot reduce empty tensors
        (values,) = session.run(["distances"], {"points": points_of(count, frame).numpy()})
        torch.testing.assert_close(torch.from_numpy(values), values_of(field, count, frame), rtol=1e-5, atol=1e-5)


def test_onnx_without_its_packages_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"ONNX needs onnx and onnxscript; pip install onnx onnxscript$"):
        export(rough("grid"), tmp_path / "field.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("version", "old"), [("2.4.1", True), ("2.5.0", True), ("2.6.0", False), ("2.13.0", False)])
def test_onnx_says_which_torch_it_needs(tmp_path, monkeypatch, version, old):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    monkeypatch.setattr("torch.__version__", TorchVersion(version))
    monkeypatch.setattr("torch.onnx.export", lambda *arguments, **options: None)
    with pytest.raises(ImportError if old else AssertionError) as raised:
        export(rough("grid"), tmp_path / "field.onnx")
    assert (f"ONNX needs torch 2.6 or later, got {version}" in str(raised.value)) == old
    assert not list(tmp_path.iterdir())


def test_the_field_itself_is_left_alone(tmp_path):
    field = rough("hash").train()
    export(field, tmp_path / "field.pt", **FRAME)
    assert field.training
    assert all(parameter.requires_grad for parameter in field.parameters())


def test_the_format_goes_before_the_suffix(tmp_path):
    field = rough("grid")
    path = export(field, tmp_path / "field.weights", "safetensors")
    assert torch.equal(load_field(path).tables, field.tables)
    with pytest.raises(ValueError, match=r"the suffix one of .safetensors, .pt, .onnx; got None for 'field.weights'"):
        export(field, path)
    with pytest.raises(ValueError, match="format must be one of 'safetensors', 'torchscript', 'onnx', got 'pickle'"):
        export(field, tmp_path / "field.pt", "pickle")


def test_a_failed_export_leaves_the_old_file(tmp_path):
    path = tmp_path / "field.safetensors"
    path.write_text("old")
    with pytest.raises(ValueError, match="Ball has none; write TorchScript or ONNX"):
        export(Ball(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_plain_field_of_ones_own_is_traced(tmp_path):
    module = torch.jit.load(export(Ball(), tmp_path / "ball.pt", scale=2.0))
    assert module(torch.tensor([[0.0, 6.0, 8.0]])).tolist() == [8]


def test_a_field_that_needs_this_library_is_refused(tmp_path):
    class Encoded(Field):
        def evaluate(self, points):
            grid = GridLayout(levels=1, base=4, finest=4, features=1)
            return hash_encode(points, torch.ones(grid.entries, 1), grid)[:, 0]

    with pytest.raises(ValueError, match="Encoded is evaluated by operations of diffshape"):
        export(Encoded(), tmp_path / "field.pt")


def damaged(path, change):
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        header = {key: value for key, value in file.metadata().items() if key not in ("crc32", "checked")}
    change(tensors, header)
    save_file(tensors, path, header)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, header: header.clear(),
        lambda tensors, header: header.update(format="diffshape field 2"),
        lambda tensors, header: header.update(config='{"kind": "Oracle"}'),
        lambda tensors, header: header.update(config='{"kind": "HashGridConfig", "speed": 3}'),
        lambda tensors, header: header.update(config="[]"),
        lambda tensors, header: header.update(scale="-1"),
        lambda tensors, header: header.update(center="[1, 2]"),
        lambda tensors, header: tensors.pop("tables"),
        lambda tensors, header: tensors.clear(),
    ],
)
def test_a_file_that_is_no_field_is_refused(change, tmp_path):
    path = export(rough("hash"), tmp_path / "field.safetensors")
    damaged(path, change)
    with pytest.raises(ValueError, match="load_field: no field can be read from"):
        load_field(path)


def test_a_file_without_a_checksum_is_read_as_before(tmp_path):
    field = rough("hash")
    path = export(field, tmp_path / "field.safetensors")
    damaged(path, lambda tensors, header: None)
    points = torch.rand(9, 3)
    assert torch.equal(load_field(path)(points), field(points))


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_wrong_bit_is_found(tmp_path, share):
    path = export(rough("hash"), tmp_path / "field.safetensors")
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"field\.safetensors is damaged: .*; copy it anew, or export it again"):
        load_field(path)


def test_a_torn_or_missing_file_is_refused(tmp_path):
    path = export(rough("hash"), tmp_path / "field.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="load_field: no field can be read from"):
        load_field(path)
    with pytest.raises(FileNotFoundError):
        load_field(tmp_path / "none.safetensors")
