"""The tour runs as a user would run it, says what the pages say it says, and is the same as its notebook."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.notebooks import write_pages

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "losses_tour.py"
NOTEBOOK = SCRIPT.with_suffix(".ipynb")


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour") / "pictures"
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, SCRIPT, folder]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^(.+?) +(-?\d+\.\d{4})$", done.stdout, re.M)
    return {name: float(value) for name, value in found}, folder


def test_values_worked_out_by_hand(tour):
    values, _ = tour
    assert values["chamfer of the two diagonals of a square"] == 2
    assert values["earth mover of the two diagonals"] == 1
    assert values["earth mover of one, reordered"] == 0
    assert values["edges of a 3-4-5 triangle against its double"] == pytest.approx(50 / 3, abs=1e-4)
    assert values["cross-entropy of an undecided grid"] == values["focal, gamma 0: the same"] == 0.6931
    assert values["focal, gamma 2: a quarter"] == pytest.approx(0.6931 / 4, abs=1e-4)
    assert values["Dice of half against all"] == 0.3333


def test_only_the_earth_mover_sees_a_lopsided_cloud(tour):
    values, _ = tour
    assert values["lopsided: chamfer"] < 1.3 * values["fair: chamfer"]
    assert values["lopsided: earth mover"] > 3 * values["fair: earth mover"]


def test_each_mesh_term_is_learnt_as_far_as_it_is_paid_for(tour):
    values, _ = tour
    errors = {
        part: {name: values[f"{name}: held-out {part} (x 1000)"] for name in ("vertex only", "smooth CAD")}
        for part in ("vertex", "normal")
    }
    assert errors["normal"]["smooth CAD"] < 0.5 * errors["normal"]["vertex only"]
    assert errors["vertex"]["vertex only"] < 0.7 * errors["vertex"]["smooth CAD"]


def test_cross_entropy_leaves_sparse_grids_empty_and_dice_does_not(tour):
    values, _ = tour
    assert values["1% full, cross-entropy: IoU"] < 0.02
    assert values["1% full, dice: IoU"] > 0.25
    assert values["1% full, focal, alpha: IoU"] > 0.1
    assert values["10% full, dice: IoU"] > values["10% full, cross-entropy: IoU"]
    assert values["50% full, cross-entropy: IoU"] > 0.7


def test_gamma_takes_the_gradient_off_easy_voxels(tour):
    values, _ = tour
    shares = [values[f"gamma {gamma}: share of gradient on easy voxels"] for gamma in ("0", "0.5", "1", "2", "5")]
    assert shares == sorted(shares, reverse=True)
    assert shares[3] < 0.1 * shares[0]


def test_training_by_the_earth_mover_gives_a_smaller_one(tour):
    values, _ = tour
    assert values["trained by earth_mover: earth mover"] < values["trained by chamfer: earth mover"]


def test_five_pictures_are_written(tour):
    _, folder = tour
    pictures = sorted(folder.iterdir())
    assert [path.name[0] for path in pictures] == list("12345")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_the_notebook_is_the_script():
    notebook = write_pages.read(NOTEBOOK)
    _, *cells = re.split(r"^# %%(.*)\n", SCRIPT.read_text(encoding="utf-8"), flags=re.M)
    written = [("markdown" if "[markdown]" in kind else "code", text.strip()) for kind, text in zip(*[iter(cells)] * 2)]
    prose = [re.sub(r"^# ?", "", text, flags=re.M) if kind == "markdown" else text for kind, text in written]
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == list(zip([kind for kind, _ in written], prose))


@pytest.mark.slow
def test_the_notebook_runs_and_says_what_its_outputs_say(tmp_path):
    notebook, again = write_pages.read(NOTEBOOK), write_pages.read(NOTEBOOK)
    write_pages.run(again, tmp_path)
    for kept, new in zip(write_pages.code_cells(notebook), write_pages.code_cells(again)):
        assert without_numbers(write_pages.printed(new)) == without_numbers(write_pages.printed(kept))
        assert len(write_pages.pictures(new)) == len(write_pages.pictures(kept))


def without_numbers(text):
    """Words of a text, with # for each number, as wide as it may be."""
    return re.sub(r"-?[\d.]+(?:e[-+]\d+)?", "#", text).split()
