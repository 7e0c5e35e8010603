"""The notebook that compares methods runs, with small settings, and shows what its outputs show."""

import re
from pathlib import Path

import pytest

from docs.notebooks import write_pages

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "compare_methods.ipynb"
QUICK = {
    "POINTS, NOISE = 10_000,": "POINTS, NOISE = 1_500,",
    "STEPS = 600": "STEPS = 3",
    "RESOLUTION, SIZE = 160,": "RESOLUTION, SIZE = 32,",
    "SAMPLES = 50_000": "SAMPLES = 1_000",
}
"""What stands in the cell of the settings, and what is run in its place."""
METHODS = ["diffcd", "igr", "siren", "digs", "neural-pull"]


@pytest.mark.slow
def test_the_cells_run_in_order_and_show_tables_and_pictures(tmp_path):
    notebook, quick = write_pages.read(NOTEBOOK), write_pages.read(NOTEBOOK)
    (settings,) = [cell for cell in quick.cells if "parameters" in cell.metadata.get("tags", ())]
    for slow, fast in QUICK.items():
        assert slow in settings.source
        settings.source = settings.source.replace(slow, fast)
    write_pages.run(quick, tmp_path)
    kept, new = (write_pages.code_cells(each) for each in (notebook, quick))
    assert [words(cell) for cell in new] == [words(cell) for cell in kept]
    assert [len(write_pages.pictures(cell)) for cell in new] == [len(write_pages.pictures(cell)) for cell in kept]
    (table,) = [write_pages.printed(cell) for cell in new if "Chamfer" in write_pages.printed(cell)]
    rows = dict(re.findall(r"^\S+ +(\S+) +1 +(\d+\.\d+)", table, re.M))
    assert list(rows) == METHODS
    assert all(0 < float(chamfer) < 300 for chamfer in rows.values())
    assert all((tmp_path / "compared" / name / "error.ply").is_file() for name in METHODS)


def words(cell):
    """What a cell printed, without its numbers."""
    return re.findall(r"[a-zA-Z-]{2,}", write_pages.printed(cell))
