"""The file of a page, in the folder that it reports on, and links from it to others."""

from pathlib import Path
from urllib.parse import quote

from diffshape._files import atomic_path

REPORT = "report.html"
"""Name of the report in the folder of what it reports on."""


def write_page(page: str, folder: Path, path: str | Path | None) -> Path:
    """Write a page whole, to ``report.html`` in the folder unless another path is given; returns the path.

    Raises:
        OSError: The file cannot be written.
    """
    target = folder / REPORT if path is None else Path(path)
    with atomic_path(target) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return target


def link_to(path: Path, folder: Path) -> str:
    """Link to a file below a folder from a page in the folder, which can be moved with all that is in it.

    >>> link_to(Path("runs", "50 % noise", "report.html"), Path("runs"))
    '50%20%25%20noise/report.html'
    """
    return quote(path.relative_to(folder).as_posix())
