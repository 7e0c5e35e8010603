"""Runs the notebooks of ``examples``, keeps their outputs in them, and writes a page of the site for each.

python -m docs.notebooks.write_pages [NAME...]

A notebook runs from its first cell to its last, in a process of its own, in an empty folder. What it prints and shows
is kept; what it writes to standard error, progress and notices, is not, and a warning there is an error. Its pictures
get few colours and are files beside the page, with the same bytes as in the notebook. The notebook remembers of which
code its outputs are, so that cells which were changed without a new run are found.
"""

import base64
import hashlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

from docs.pictures.indexed import write_indexed

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
IMAGES = FOLDER / "images"
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
Notebook = Any
"""A notebook as ``nbformat`` reads it, whose classes have attributes that are not declared."""


def read(path: Path) -> Notebook:
    """A notebook from a file."""
    return nbformat.read(path, as_version=4)


def run(notebook: Notebook, folder: Path) -> None:
    """Run all cells in a folder, and put what came of them into the notebook.

    Raises:
        CellExecutionError: A cell failed.
        ValueError: A cell warned, or showed what is neither printed nor a picture.
    """
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    quiet, where = ["--log-level=40"], {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=None, record_timing=False, extra_arguments=quiet, resources=where)
    client.execute(env={**os.environ, "PYTHONPATH": path})
    for number, cell in enumerate(code_cells(notebook), 1):
        if "Warning" in (said := printed(cell, "stderr")):
            raise ValueError(f"cell {number} warns: {said}")
        if any("image/png" not in output.get("data", {"image/png"}) for output in cell.outputs):
            raise ValueError(f"cell {number} shows what is neither printed nor a picture")
        cell.outputs = list(kept(cell))
    del notebook.metadata["language_info"]
    notebook.metadata["outputs_of"] = digest(notebook)


def code_cells(notebook: Notebook) -> list[Any]:
    """The cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def digest(notebook: Notebook) -> str:
    """What is another one once a code cell is changed."""
    return hashlib.sha256("\0".join(cell.source for cell in code_cells(notebook)).encode()).hexdigest()


def printed(cell: Any, stream: str = "stdout") -> str:
    """What a cell wrote to a stream."""
    return "".join(output.text for output in cell.outputs if output.get("name") == stream)


def pictures(cell: Any) -> list[bytes]:
    """The PNG that a cell shows."""
    shown = [output.data["image/png"] for output in cell.outputs if "data" in output]
    return [base64.b64decode(png) for png in shown]


def kept(cell: Any) -> Iterator[Any]:
    """Outputs that stay in a notebook: what it printed, then its pictures."""
    if text := printed(cell):
        yield nbformat.v4.new_output("stream", name="stdout", text=text)
    for png in pictures(cell):
        indexed = io.BytesIO()
        write_indexed(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")), indexed)
        data = {"image/png": base64.b64encode(indexed.getvalue()).decode()}
        yield nbformat.v4.new_output("display_data", data=data)


def page(notebook: Notebook, name: str) -> tuple[str, dict[str, bytes]]:
    """The text of the page of a notebook, and its pictures by the names of their files."""
    parts, files, heading = [], {}, name
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            heading = (re.findall(r"^#+ (.+)$", cell.source, re.M) or [heading])[-1]
            continue
        parts.append(f"```python\n{cell.source}\n```")
        if text := printed(cell).rstrip():
            parts.append(f"```text\n{text}\n```")
        for png in pictures(cell):
            file = f"{name}-{len(files) + 1}.png"
            files[file] = png
            parts.append(f"![{heading}](images/{file})")
    parts.insert(1, f"*The notebook `examples/{name}.ipynb`, as it ran.*")
    return "\n\n".join(parts) + "\n", files


def main(names: list[str]) -> None:
    """Run some notebooks, or all of them, and write them and their pages."""
    for path in NOTEBOOKS:
        if names and path.stem not in names:
            continue
        notebook = read(path)
        with tempfile.TemporaryDirectory() as folder:
            run(notebook, Path(folder))
        nbformat.write(notebook, path)
        text, files = page(notebook, path.stem)
        (FOLDER / f"{path.stem}.md").write_text(text, encoding="utf-8")
        for old in IMAGES.glob(f"{path.stem}-*.png"):
            old.unlink()
        for name, png in files.items():
            (IMAGES / name).write_bytes(png)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes, {len(files)} pictures")


if __name__ == "__main__":
    main(sys.argv[1:])
