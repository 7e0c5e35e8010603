"""The plumbing of the benchmarks: runs measured from outside, and a page that hides neither losses nor failures."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import igl
import numpy as np
import pytest

from diffshape.data import torus_mesh

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def run(monkeypatch):
    """Run a script of the folder as a user would."""
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS.parent / "src"))

    def script(name, *options):
        return subprocess.run(
            [sys.executable, str(BENCHMARKS / name), *map(str, options)], capture_output=True, text=True, check=True
        )

    return script


def row(shape, chamfer, **more):
    """A result on a scan on which Poisson has 1.0."""
    machine = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")
    numbers = {
        "hausdorff": chamfer,
        "normal_deg": chamfer,
        "bodies": 1,
        "watertight": True,
        "seconds": 3,
        "megabytes": 9,
    }
    bar = {"poisson_chamfer": 1.0, "poisson_normal_deg": 1.0}
    common = {"shape": shape, "noise": "0", "command": "fit", "environment": machine}
    return {"chamfer": chamfer, **numbers, **bar, **common, **more}


def page(run, folder, rows):
    """The page these rows make."""
    (folder / "surface_quality.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    run("page.py", "--results", folder, "--out", folder / "page.md")
    return (folder / "page.md").read_text(encoding="utf-8")


def test_page_marks_the_winner_and_takes_the_geometric_mean_of_ratios(run, tmp_path):
    text = page(run, tmp_path, [row("a", 0.5), row("b", 8.0)])
    assert "| a | **0.500** | 1.000 | 0.50 | **0.5** | 1.0 |" in text
    assert "| b | 8.000 | **1.000** | 8.00 | 8.0 | **1.0** |" in text
    assert "| mean | 4.250 | **1.000** | 2.00 |" in text
    assert "on 1 of 2 shapes" in text


def test_page_counts_a_failure_and_has_no_mean_without_it(run, tmp_path):
    text = page(run, tmp_path, [row("a", 0.5), row("b", None, error="exit 1: no", bodies=0, watertight=False)])
    assert "Failed: b (exit 1: no)." in text
    assert "| mean | – | **1.000** | – |" in text


def test_page_shows_the_latest_result_of_a_scan(run, tmp_path):
    text = page(run, tmp_path, [row("a", 0.5), row("a", 0.25)])
    assert "0.250" in text
    assert "0.500" not in text


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell a child's peak memory")
def test_a_run_is_measured_alone(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from measure import run_measured

    small = run_measured([sys.executable, "-c", "print('out')"])
    large = run_measured([sys.executable, "-c", "import sys; len(b'x' * 300_000_000); sys.exit('reason')"])
    assert (small.status, small.output.strip(), small.errors) == (0, "out", "")
    assert (large.status, large.errors.strip()) == (1, "reason")
    assert large.megabytes >= 286


def test_ray_parity_counts_a_closed_mesh_rightly_whatever_the_direction(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from ray_parity import ray_parity

    torus = torus_mesh()
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (2000, 3))
    inside = igl.winding_number(torus.vertices, torus.faces, points) > 0.5
    assert inside.any()
    for rays in (1, 11):
        assert np.array_equal(ray_parity(points, torus.vertices[torus.faces], rays=rays), inside)


@pytest.mark.shared_data
def test_a_fit_that_fails_scores_null_and_says_why(run, shared, tmp_path):
    command = shlex.join([sys.executable, "-c", "raise SystemExit('it cannot')"])
    options = (
        "--shared",
        shared,
        "--only",
        "spot",
        "--noise",
        "0",
        "--out",
        tmp_path,
        "--results",
        tmp_path / "r.jsonl",
    )
    run("surface_quality.py", *options, "--command", command)
    result = json.loads((tmp_path / "r.jsonl").read_text())
    assert (result["chamfer"], result["error"]) == (None, "exit 1: it cannot")
    assert result["poisson_chamfer"] == pytest.approx(0.0997)


def landmark_row(loss, seed, error):
    """A training whose mean radial error is this."""
    machine = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")
    score = {"mre": error, "sdr": {"2": 0.5, "4": 1.0}, "order": 0.0, "within_one_deviation": 0.7, "dark_mre": 9.0}
    counts = {"images": 400, "seed": seed, "steps": 5, "cpu_seconds": 7.0}
    return {"loss": loss, **counts, "occluders_0": score, "occluders_2": score, "environment": machine}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ((-0.30, -0.31, -0.29), "-0.3000 ± 0.0248 px, 3 pairs: better"),
        ((-0.2, 0.0, 0.2), "+0.0000 ± 0.4968 px, 3 pairs: null"),
    ],
)
def test_page_tells_a_null_of_the_structure_term_as_a_null(run, tmp_path, changes, verdict):
    rows = [landmark_row("without structure", seed, 1.0) for seed in range(3)]
    rows += [landmark_row("with structure", seed, 1.0 + change) for seed, change in enumerate(changes)]
    (tmp_path / "landmark_study.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    run("page.py", "--results", tmp_path, "--out", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| without structure | 400 | 0 | 1.00 ± 0.00 | 50.0 ± 0.0 | 100.0 ± 0.0 |" in text
    assert f"Structure, 400 images, 0 occluders: {verdict}." in text


def test_gathers_are_counted_by_hand(monkeypatch):
    """One level of 4-byte rows, x fastest: a cell's corners lie in 4 rows of nodes; points of one cell share them."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import torch
    from field_work import count_gathers

    from diffshape.ops import GridLayout

    grid = GridLayout(levels=1, base=64, finest=64, features=2, interpolation="linear", log2_entries=18)
    one_cell = torch.full((128, 3), 2 * (8.5 - 0.5) / 63 - 1)  # nodes 8 and 9 of each axis, in one sector of 8 rows
    assert count_gathers(one_cell, grid) == (8 * 4 / 128, 4 / 128)
    two_cells = one_cell.clone()
    two_cells[::2, 2] = 2 * (20.5 - 0.5) / 63 - 1
    assert count_gathers(two_cells, grid) == (2 * 8 * 4 / 128, 2 * 4 / 128)


def test_points_along_a_curve_touch_fewer_sectors_and_set_a_lower_floor(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from field_work import along_a_curve, count_gathers, floor, operations, uniform_points

    from diffshape.ops import GridLayout

    grid = GridLayout(levels=4, base=8, finest=64, features=2, interpolation="linear", log2_entries=12)
    points = uniform_points(8192)
    shuffled, ordered = count_gathers(points, grid), count_gathers(along_a_curve(points), grid)
    assert ordered.by_program < shuffled.by_program / 2
    assert all(gathers.by_program <= gathers.by_request <= 8 * 4 for gathers in (shuffled, ordered))
    assert operations() == 12_416
    limits = floor(1000, shuffled, cache=32e3, tensor=12_416e3, memory=16e3)
    assert limits == pytest.approx((1e3 * shuffled.by_program, 1e3, 1e3))
    assert limits.milliseconds == pytest.approx(1e3 * shuffled.by_program)


def two_fields_and_their_steps():
    """The definition and the library's encoding of one field, which starts alike, and a guarded step of each."""
    from gpu_fields import GuardedStep, PlainField, encode_eagerly

    from diffshape.ops import GridLayout, hash_encode

    grid = GridLayout(levels=2, base=4, finest=8, features=2, interpolation="linear", log2_entries=8)
    fields = [PlainField(encode, grid) for encode in (encode_eagerly, hash_encode)]
    return fields, [GuardedStep(field, 256, "cpu") for field in fields]


def test_the_guarded_step_has_one_gradient_and_learns_with_either_encoding(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import torch
    from gpu_fields import sphere

    fields, steps = two_fields_and_their_steps()
    points, distances = sphere(256, 0, "cpu")
    before = (fields[0](points) - distances).abs().mean()
    for step in steps:
        step.load(points, distances)
        step()
    for one, other in zip(steps[0].parameters, steps[1].parameters):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-5)
        assert one.grad.abs().max() > 0
    for field, step in zip(fields, steps):
        for _ in range(59):
            step()
        assert (field(points) - distances).abs().mean() < before / 2


def test_the_guarded_step_skips_what_is_not_finite_without_a_look(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import torch
    from gpu_fields import sphere

    (field, _), (step, _) = two_fields_and_their_steps()
    kept = [parameter.detach().clone() for parameter in field.parameters()]
    points, distances = sphere(256, 0, "cpu")
    distances[7] = torch.nan
    step.load(points, distances)
    step()
    assert all(torch.equal(left, right) for left, right in zip(kept, field.parameters()))
    step.load(*sphere(256, 1, "cpu"))
    step()
    assert not any(torch.equal(left, right) for left, right in zip(kept, field.parameters()))


def test_the_plain_field_is_what_is_packed(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import torch
    from gpu_fields import PlainField, encode_eagerly, library_field

    from diffshape.ops import GridLayout
    from diffshape.ops.hash_grid.query import query_hash_grid

    field = PlainField(encode_eagerly, GridLayout(levels=2, base=4, finest=8, interpolation="linear", log2_entries=8))
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = field(points).detach()
    assert expected.std() > 0.01
    torch.testing.assert_close(query_hash_grid(points, field.packed()), expected, rtol=0, atol=1e-3)
    torch.testing.assert_close(library_field(field)(points).detach(), expected, rtol=0, atol=1e-6)
