import re
import shutil

import numpy as np

from diffshape import fitting
from diffshape._files import read_json
from diffshape.data import icosphere, read_mesh
from diffshape.fields import HashGridConfig
from diffshape.report import write_report
from diffshape.report.fit_report.origin import command_of
from diffshape.training.run_folder import RunFolder
from page_reader import PageReader, packed_scene, unpacked_places


def headings(page):
    return PageReader(page).texts["h2"]


def test_a_finished_fit_has_its_report_with_everything(watched):
    page = (watched / "report.html").read_text(encoding="utf-8")
    reader = PageReader(page)
    assert reader.texts["h2"] == [
        *("Shape", "Numbers", "Curves", "Sections through the field", "How to reproduce", "Settings and machine")
    ]
    assert {"mean distance", "F-score", "triangles", "watertight"} <= set(reader.texts["th"])
    assert reader.tags.count("polyline") >= 5
    assert command_of(read_json(watched / "environment.json")) in reader.texts["pre"]
    assert any("kind: diffcd" in text for text in reader.texts["pre"])
    assert sum(name == "src" for name, _ in reader.attributes) == 2


def test_nothing_is_asked_of_a_network_and_a_name_is_no_tag(watched):
    page = (watched / "report.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert "<script>alert" not in page
    assert PageReader(page).texts["h1"] == ["<script>alert(1)<script>.npy"]


def test_the_surface_of_the_page_is_that_of_the_run(watched):
    manifest, content = packed_scene((watched / "report.html").read_text(encoding="utf-8"))
    vertices = read_mesh(watched / "mesh.ply").vertices
    places = unpacked_places(content, manifest["layers"][-1]["places"])
    assert np.abs(places - vertices).max() <= np.ptp(vertices, axis=0).max() / 65535
    assert [step["step"] for step in manifest["steps"]] == [3, 6]


def test_an_interrupted_run_says_so(watched, tmp_path):
    run = shutil.copytree(watched, tmp_path / "run")
    (run / "field.safetensors").unlink()
    (run / "metrics.json").unlink()
    page = write_report(run).read_text(encoding="utf-8")
    assert "Interrupted after step 6" in page
    assert "Numbers" not in headings(page)
    shutil.rmtree(run / "checkpoints")
    (run / "mesh.ply").unlink()
    page = write_report(run).read_text(encoding="utf-8")
    assert "The fit has no weights yet" in page
    assert headings(page) == ["Shape", "Curves", "How to reproduce", "Settings and machine"]


def test_a_fit_begun_in_python_has_a_report_without_a_file_name(tmp_path):
    points = icosphere(3).vertices
    fitting.fit_points(points, field=HashGridConfig(), steps=3, folder=tmp_path / "run")
    page = write_report(tmp_path / "run", tmp_path / "page.html").read_text(encoding="utf-8")
    assert packed_scene(page)[0]["layers"][0]["name"] == "input points"
    assert re.search("A surface fitted to a scan of [0-9,]+ points by DiffCD", page)
    assert not RunFolder(tmp_path / "run").metrics.exists()
