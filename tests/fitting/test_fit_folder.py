import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from diffshape._tensor_files import read_tensors
from diffshape.fitting import load, resume_fit
from diffshape.fitting.fit_folder import FitFolder
from diffshape.training import folder_lock

PLACES = np.random.default_rng(1).normal(size=(50, 3)) * 2 + [10.0, -5.0, 3.0]
FILES = ["config.yaml", "frame.json", "target.safetensors", "points.safetensors", "field.safetensors"]


@pytest.fixture
def saved(ball_fit, tmp_path):
    return ball_fit.save(tmp_path / "fit")


def test_a_loaded_fit_answers_as_the_saved_one(ball_fit, saved):
    again = load(saved)
    np.testing.assert_array_equal(again.query(PLACES), ball_fit.query(PLACES))
    np.testing.assert_array_equal(again.mesh(32).vertices, ball_fit.mesh(32).vertices)
    assert (again.settings, again.frame, again.notes) == (ball_fit.settings, ball_fit.frame, ball_fit.notes)
    assert (again.step, again.seconds) == (ball_fit.step, ball_fit.seconds)
    assert (again.interrupted, again.fit.as_torch, again.folder) == (False, False, saved)


def test_notes_and_kind_are_kept(ball_fit, tmp_path):
    noted = replace(ball_fit.fit, notes=("One.", "Two."), as_torch=True)
    again = load(replace(ball_fit, fit=noted).save(tmp_path / "fit"))
    assert again.notes == ("One.", "Two.")
    assert isinstance(again.mesh(24).vertices, torch.Tensor)


def test_the_folder_is_plain(saved):
    assert {path.name for path in saved.iterdir()} == {*FILES, "environment.json"}
    assert yaml.safe_load((saved / "config.yaml").read_text())["version"] == 2
    assert json.loads((saved / "environment.json").read_text())["packages"]["torch"] == torch.__version__
    assert json.loads((saved / "frame.json").read_text())["scale"] == pytest.approx(4, rel=0.01)


def test_a_second_fit_is_not_written_over_the_first(ball_fit, saved):
    with pytest.raises(ValueError, match="already holds a run; resume it, or choose another folder"):
        ball_fit.save(saved)


def test_a_fit_may_be_saved_again_where_it_lives(saved):
    again = load(saved)
    again.save(saved)
    np.testing.assert_array_equal(load(saved).query(PLACES), again.query(PLACES))


def test_a_folder_without_a_fit_is_named(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ValueError, match=f"{folder} is not the folder of a fit: it has no config.yaml"):
            load(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "noise"])
def test_a_damaged_file_is_one_clear_sentence(saved, name, damage):
    path = saved / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "noise": b"\xff\x00\xfe" * 50}[damage])
    with pytest.raises(ValueError, match=r"cannot be read|is not the folder of a fit|has no weights yet"):
        load(saved)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("frame.json", '{"center": [0, 0], "scale": 1, "notes": [], "torch": false}'),
        ("frame.json", '{"center": [0, 0, 0], "scale": -1, "notes": [], "torch": false}'),
        ("frame.json", "[]"),
        ("config.yaml", "version: 2"),
        ("config.yaml", "just words"),
        ("config.yaml", "!!python/object/apply:os.system ['true']"),
    ],
)
def test_content_that_makes_no_sense_is_refused_with_the_folder(saved, name, content):
    (saved / name).write_text(content)
    with pytest.raises(ValueError, match=f"the fit in {saved} cannot be read"):
        load(saved)


def test_weights_of_another_field_are_refused(saved):
    weights = load_file(saved / "field.safetensors")
    weights.pop(next(iter(weights)))
    save_file(weights, saved / "field.safetensors", metadata={"step": "1", "seconds": "1.0"})
    with pytest.raises(ValueError, match=r"the weights in .* are not those of its config\.yaml"):
        load(saved)


def test_a_config_that_promises_much_more_than_the_weights_hold_fills_no_memory(saved):
    config = yaml.safe_load((saved / "config.yaml").read_text())
    config["field"] |= {"log2_entries": 24, "features": 1000, "finest": 2048}
    (saved / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ValueError, match=r"are not those of its config\.yaml: .*much larger than the weights"):
        load(saved)


@pytest.mark.parametrize("name", ["field.safetensors", "target.safetensors"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_wrong_bit_is_found_and_named_with_a_cure(saved, name, share):
    content = bytearray((saved / name).read_bytes())
    content[int(share * len(content))] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} is damaged: .*; (remove the file|put the file back)"):
        load(saved)


def test_files_without_a_checksum_are_read_as_before(ball_fit, saved):
    for name in ("field.safetensors", "target.safetensors"):
        header, tensors = read_tensors(saved / name)
        save_file(tensors, saved / name, metadata=header)
    np.testing.assert_array_equal(load(saved).query(PLACES), ball_fit.query(PLACES))


def test_a_finished_fit_is_not_run_again(saved):
    before = {path: path.stat().st_mtime_ns for path in saved.iterdir()}
    assert resume_fit(saved).interrupted is False
    assert {path: path.stat().st_mtime_ns for path in saved.iterdir()} == before


def test_the_loser_of_two_writers_leaves_the_winners_files(ball_fit, tmp_path, monkeypatch):
    monkeypatch.setitem(folder_lock._held, (tmp_path / "run").resolve(), (os.getpid(), -1))
    with pytest.raises(ValueError, match=r"run is in use: another thread"):
        ball_fit.save(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_weights_without_their_step_are_refused(saved):
    save_file(load_file(saved / "field.safetensors"), saved / "field.safetensors")
    with pytest.raises(ValueError, match=r"the weights .*field\.safetensors cannot be read"):
        load(saved)


def test_nothing_is_begun_twice(ball_fit, saved):
    with pytest.raises(ValueError, match="already holds a run"):
        FitFolder(saved).begin_fit(ball_fit.fit)
