from dataclasses import replace
from pathlib import Path

import pytest

from diffshape.cli.errors import UsageError
from diffshape.cli.fit.defaults import FIELD_NAMES, defaults_of
from diffshape.cli.main import main, parse
from diffshape.fields import HASH_GRIDS, HashGridConfig, MLPConfig
from diffshape.fitting import DiffCD, ScanConfig, Supervised, preset
from diffshape.fitting.presets import SCAN_PRESETS

PART = Path("part.obj")


def written(folder, text):
    path = folder / "part.yaml"
    path.write_text(text)
    return path


def test_a_preset_for_one_kind_of_input_is_refused_for_the_other():
    paper, fine = defaults_of("paper", None), defaults_of("fine", None)
    assert paper.settings_for("scan", Path("a.ply")) == preset("paper")
    with pytest.raises(UsageError, match=r"--preset paper is not for a mesh, which part\.obj is; choose a --preset"):
        paper.settings_for("mesh", PART)
    with pytest.raises(
        UsageError, match=r"--preset fine is not for a scan, which a\.ply is; .* quick, standard, paper$"
    ):
        fine.settings_for("scan", Path("a.ply"))


def test_the_flags_of_the_other_kind_begin_with_the_defaults_of_its_method():
    paper = defaults_of("paper", None)
    assert (paper.method("scan"), paper.method("mesh")) == (preset("paper").method, Supervised())
    assert (paper.field, defaults_of("standard", None).field) == (MLPConfig(), HashGridConfig())


def test_a_preparation_is_switched_off_with_what_needs_it():
    method = parse(["fit", "a.ply", "--method.batch", "7", "--prepare=no"])[1].method
    assert method == DiffCD(scan=None, normal_weight=0.0, batch=7)


def test_a_preparation_is_switched_on_and_then_has_options():
    words = ["fit", "a.ply", "--preset", "paper", "--prepare", "yes", "--method.scan.curvature-size", "20"]
    method = parse(words)[1].method
    assert method == replace(preset("paper").method, scan=ScanConfig(curvature_size=20))


def test_a_config_may_leave_the_preparation_out_and_a_word_decides_again(tmp_path):
    path = written(tmp_path, "method: {scan: null, normal_weight: 0}")
    assert defaults_of("standard", path).settings["scan"].method == DiffCD().unprepared()
    assert defaults_of("standard", path, "yes").settings["scan"].method == DiffCD(normal_weight=0.0)
    path = written(tmp_path, "method: {kind: diffcd, scan: {curvature_size: 20}}")
    assert defaults_of("standard", path, "no").settings["scan"].method == DiffCD().unprepared()


def test_what_needs_a_preparation_is_refused_without_one(tmp_path, capsys):
    path = written(tmp_path, "method: {scan: null}")
    for words in (["--config", str(path)], ["--prepare", "no", "--method.normal-weight", "0.1"]):
        assert main(["fit", "a.ply", *words]) == 2
        assert "a normal_weight needs scan, whose preparation finds the normals; set it to 0" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("width", 64), ("base", 8), ("log2_entries", 18)])
def test_what_is_typed_is_used_also_where_it_is_the_default_of_the_class(option, value):
    base = defaults_of("standard", None)
    given = parse(["fit", "part.obj", f"--field.{option}", str(value)])[1]
    field = base.field_for("mesh", given.field, given.typed_in("field"), Path("part.obj"))
    assert field == replace(HASH_GRIDS["small"], **{option: value})
    assert base.field_for("mesh", given.field, [], Path("part.obj")) == HASH_GRIDS["small"]


@pytest.mark.parametrize("kind", ["scan", "mesh"])
def test_a_part_of_a_config_is_filled_from_the_preset(kind, tmp_path):
    (tmp_path / "part.yaml").write_text("method: {batch: 300}\nfield: {width: 16}\nseed: 3\n")
    base, usual = defaults_of("quick", tmp_path / "part.yaml"), defaults_of("quick", None)
    own, other = base.settings_for(kind, Path("a")), usual.settings_for(kind, Path("a"))
    assert own.method == replace(other.method, batch=300)
    assert own.field == replace(other.field or HashGridConfig(), width=16)
    assert (own.steps, own.seconds, base.seed) == (other.steps, None, 3)


def test_a_budget_of_seconds_replaces_the_steps_of_the_preset(tmp_path):
    (tmp_path / "part.yaml").write_text("seconds: 2.5\n")
    scan = defaults_of("standard", tmp_path / "part.yaml").settings["scan"]
    assert (scan.seconds, scan.steps, scan.field) == (2.5, None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepps: 3", "there is no setting stepps; did you mean steps?"),
        ("field: {widht: 3}", "there is no setting field.widht; did you mean field.width?"),
        ("method: {kind: diffcd, batsh: 3}", "there is no setting method.batsh; did you mean method.batch?"),
        ("method: {batch: 0}", "batch must be at least 1, got 0"),
        ("version: 1", "version must be 2, got 1"),
        ("[1, 2]", "bad.yaml holds no settings by name, but [1, 2]"),
        ("a: [", "bad.yaml is not YAML"),
    ],
)
def test_what_is_wrong_in_a_config_is_named_with_its_path(text, message, tmp_path, capsys):
    (tmp_path / "bad.yaml").write_text(text)
    assert main(["fit", "a.ply", "--config", str(tmp_path / "bad.yaml")]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"diffshape: --config {tmp_path / 'bad.yaml'} is not the config.yaml of a fit: ")
    assert message in error
    assert error.count("\n") == 1


EVERY_PRESET = [(method, name) for method, presets in SCAN_PRESETS.items() for name in presets]


@pytest.mark.parametrize(("method", "name"), EVERY_PRESET)
def test_a_method_that_is_typed_has_its_own_presets_and_flags(method, name):
    arguments = parse(["fit", "a.ply", "--method", method, f"--preset={name}", "--method.learning-rate", "0.25"])[1]
    assert arguments.method == replace(preset(name, method).method, learning_rate=0.25)
    assert arguments.typed == {"method", "preset", "method.learning_rate"}
    assert arguments.defaults.settings == {"scan": preset(name, method)}


@pytest.mark.parametrize("method", SCAN_PRESETS)
def test_a_method_is_for_scans_and_knows_its_presets(method, capsys):
    defaults = defaults_of("standard", method=method)
    with pytest.raises(UsageError, match=rf"--method {method} is not for a mesh, which part\.obj is; leave it out"):
        defaults.settings_for("mesh", PART)
    assert main(["fit", "a.ply", "--method", method, "--preset", "fine"]) == 2
    assert f"--preset fine is not one of the method {method}, which has " in capsys.readouterr().err


@pytest.mark.parametrize("method", SCAN_PRESETS)
def test_the_config_of_a_method_needs_no_other_word(method, tmp_path):
    path = written(tmp_path, f"method: {{kind: {method}, learning_rate: 0.25}}\nsteps: 7")
    for named in (None, method):
        usual = preset("standard", method)
        wanted = replace(usual, method=replace(usual.method, learning_rate=0.25), steps=7)
        assert defaults_of("standard", path, method=named).settings == {"scan": wanted}


def test_a_part_of_a_config_is_filled_from_the_method_that_is_typed(tmp_path):
    path = written(tmp_path, "method: {learning_rate: 0.25}")
    method = preset("paper").method
    assert defaults_of("paper", path, method="diffcd").settings["scan"].method == replace(method, learning_rate=0.25)
    assert set(defaults_of("standard", path).settings) == {"scan", "mesh"}


def test_a_method_and_the_config_of_another_exclude_each_other(tmp_path, capsys):
    path = written(tmp_path, "method: {kind: supervised}")
    assert main(["fit", "a.ply", "--method", "diffcd", "--config", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"--config {path} is of the method supervised; leave out --method diffcd, or --config" in error


@pytest.mark.parametrize(("name", "kind"), FIELD_NAMES.items())
def test_a_field_that_is_typed_has_its_own_flags_and_holds_the_shape(name, kind):
    assert parse(["fit", "a.ply", "--field", name])[1].field == kind()
    arguments = parse(["fit", "part.obj", f"--field={name}"])[1]
    field = arguments.defaults.field_for("mesh", arguments.field, [], PART)
    assert type(field) is kind
    assert getattr(field, "box", HASH_GRIDS["small"].box) == HASH_GRIDS["small"].box  # a mesh's longest side is 2


def test_a_field_keeps_what_the_preset_has_of_its_kind():
    assert parse(["fit", "a.ply", "--field", "hash", "--field.finest", "99"])[1].field == HashGridConfig(finest=99)
    assert defaults_of("fine", field="hash-grid").settings["mesh"].field == HASH_GRIDS["fine"]
    assert defaults_of("paper", field="mlp").settings["scan"] == preset("paper")


def test_normals_are_refused_where_the_method_takes_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.xyz").write_text("0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 1 1\n")
    assert main(["fit", "a.xyz", "--normals", "given"]) == 2
    assert "--normals has no effect on the method diffcd; leave it out" in capsys.readouterr().err
