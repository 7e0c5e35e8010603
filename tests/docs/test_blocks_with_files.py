"""Code of the pages that reads files or fits: it runs as it stands, but for numbers that make it quick."""

import re

import numpy as np
import pytest

from diffshape import data
from doc_pages import PAGES, blocks, short

QUICK = {
    "= data.demo_scan()": "= data.simulate_scan(data.icosphere(3), 600, noise=0.002), data.icosphere(3)",
    "mesh = result.mesh()": "mesh = result.mesh(resolution=40)",
    "compare_surfaces(mesh, truth)": "compare_surfaces(mesh, truth, samples=500)",
    "*result.mesh()": "*result.mesh(resolution=40)",
    "result.mesh(), result.mesh(open=False)": "result.mesh(resolution=32), result.mesh(resolution=32, open=False)",
    "random((3000, 2))": "random((400, 2))",
    "steps=settings.steps": "steps=2, resolution=32",
    "(parts, seconds=120,": "(parts, models.DeepSDFConfig(samples=500, points=64), steps=2,",
}
"""What stands in the pages, and what is run in its place."""
CASES = [
    pytest.param(page, code, id=f"{short(page)}-{number}")
    for page in PAGES
    for number, code in enumerate(code for kind, code in blocks(page) if kind == "python")
    if re.search(r"fit_points|read_(?!shapes)", code)
]


def quick(code: str) -> str:
    for slow, fast in QUICK.items():
        code = code.replace(slow, fast)
    return code


def test_every_number_that_is_replaced_is_there():
    everything = "".join(case.values[1] for case in CASES)
    assert [slow for slow in QUICK if slow not in everything] == []


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The files that the pages speak of, small."""
    monkeypatch.chdir(tmp_path)
    ball = data.icosphere(2)
    scan = data.simulate_scan(ball, 400, noise=0.003)
    for name in ("scan.ply", "huge.ply"):
        data.write_points(name, scan)
    for name in ("truth.ply", "one.obj", "two.obj", "three.obj", "new.obj"):
        data.write_mesh(name, *ball)
    return tmp_path


@pytest.fixture
def run(request, desk, monkeypatch):
    """The folder ``run`` of a page: of a fit, a family or a network for landmarks."""
    page = short(request.getfixturevalue("page"))
    if page == "docs/fit-a-scan.md":
        (desk / "run").mkdir()
        data.write_mesh(desk / "run" / "mesh.ply", *data.icosphere(1))
    elif page == "docs/landmarks.md":
        detector(desk)
    elif page == "docs/learn-a-family.md":
        family(desk, monkeypatch)


def detector(desk):
    from diffshape.losses import Skeleton
    from diffshape.models import LandmarkDetector, LandmarkUNetConfig

    LandmarkDetector(Skeleton.lateral(), LandmarkUNetConfig(widths=(8, 8, 8))).save(desk / "run")
    (desk / "held_out").mkdir()
    drawn = data.spine_phantoms(1, data.SpinePhantomConfig(height=64, width=48))
    np.save(desk / "held_out" / "0001.npy", drawn.images[0, 0])
    rows = [f"{left[0]},{left[1]},{right[0]},{right[1]},x" for left, right in drawn.landmarks[0].reshape(-1, 2, 2)]
    (desk / "held_out" / "0001.csv").write_text("\n".join(rows), encoding="utf-8")


def family(desk, monkeypatch):
    from diffshape import models

    infer, mesh = models.DeepSDF.infer, models.DeepSDF.mesh
    monkeypatch.setattr(
        models.DeepSDF, "infer", lambda self, *seen, steps=3, **rest: infer(self, *seen, steps=3, **rest)
    )

    def coarse(self, code, resolution=24):
        found = mesh(self, code, 24)
        return found if len(found.faces) else data.icosphere(1)

    monkeypatch.setattr(models.DeepSDF, "mesh", coarse)
    config = models.DeepSDFConfig(samples=500, points=64)
    models.train_deep_sdf(data.shape_family("ellipsoid", 2), config, steps=2).model.save(desk / "run")


@pytest.mark.parametrize(("page", "code"), CASES)
@pytest.mark.usefixtures("run")
def test_code_that_reads_or_fits_runs(page, code, capsys):
    if ".show(" in code:
        pytest.importorskip("viser")
    exec(compile(quick(code), "documentation", "exec"), {})
    if short(page) == "README.md":
        said = re.search(r"^```text\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)[1]
        assert re.sub(r"[\d.]+", "#", capsys.readouterr().out) == re.sub(r"[\d.]+", "#", said)
