"""The notebook that compares methods runs, cell by cell, and writes what its pages show."""

import json
import re
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "compare_methods.ipynb"
TINY = {"METHODS": ["diffcd", "igr", "neural-pull"], "POINTS": 1500, "STEPS": 3, "RESOLUTION": 32, "SAMPLES": 1000}
"""In place of the settings of the cell that is tagged so."""


@pytest.mark.slow
def test_the_cells_run_in_order_and_write_the_pictures(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile(source, cell["id"], "exec"), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                assert names.keys() >= TINY.keys()
                names |= TINY
        for picture in re.findall(r"!\[.*?\]\((.+?)\)", source):
            assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert [row.method for row in names["rows"]] == TINY["METHODS"]
    assert all(0 < row.chamfer < 0.3 for row in names["rows"])
    assert {"igr", "neural-pull"} == names["logs"].keys()  # diffcd is solved in closed form
    assert all((tmp_path / "compared" / name / "error.ply").is_file() for name in TINY["METHODS"])
    assert "floor: " in capsys.readouterr().out
