"""Writes the pages of the API reference: a page for each public package, with every public name of it.

python docs/api/write_pages.py

Names are grouped by the folder that defines them; ``mkdocstrings`` fills in their docstrings when the site is built.
The anchor of a name is its public one, ``api/losses.html#diffshape.losses.chamfer_distance``, wherever it is defined.
"""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "diffshape"
FOLDER = Path(__file__).resolve().parent
SPELLINGS = {"deep_sdf": "DeepSDF", "imnet": "IM-NET", "psgn": "PSGN", "vecset": "Vector sets"}
"""Titles of groups that are not the words of the name of their folder."""
DIRECTIVE = """<a id="diffshape.{package}.{name}"></a>

::: {home}.{name}
"""


def public_packages() -> list[str]:
    """Names of the packages that ``import diffshape`` offers."""
    stub = ast.parse((SOURCE / "__init__.pyi").read_text(encoding="utf-8"))
    return sorted(alias.name for line in stub.body if isinstance(line, ast.ImportFrom) for alias in line.names)


def introduction(package: str) -> str:
    """The docstring of a package."""
    return ast.get_docstring(ast.parse((SOURCE / package / "__init__.py").read_text(encoding="utf-8"))) or ""


def homes(package: str) -> dict[str, str]:
    """The module that defines each public name of a package, in the order in which the package imports them."""
    stub = SOURCE / package / "__init__.pyi"
    source = stub if stub.exists() else stub.with_suffix(".py")
    lines = ast.parse(source.read_text(encoding="utf-8")).body
    found = {name.name: f"{line.module}" for line in lines if isinstance(line, ast.ImportFrom) for name in line.names}
    agreed = [
        ast.literal_eval(line.value) for line in lines if isinstance(line, ast.Assign)
    ]  # __all__; a stub has none
    return {name: home for name, home in found.items() if not agreed or name in agreed[0]}


def group(package: str, home: str) -> str:
    """The folder of a package in which a module lies, in words; "" for one outside, or in the package itself."""
    inside = home.removeprefix(f"diffshape.{package}.").split(".")
    if len(inside) == 1 or inside[0] == "diffshape":
        return ""
    return SPELLINGS.get(inside[0], inside[0].replace("_", " ").capitalize())


def page(package: str) -> str:
    """The text of the page of a package."""
    groups = defaultdict(list)
    for name, home in homes(package).items():
        groups[group(package, home)].append(DIRECTIVE.format(name=name, package=package, home=home))
    parts = [f"# diffshape.{package}\n\n{introduction(package)}\n"]
    for title in sorted(groups):
        parts += [f"## {title or 'General'}\n", *groups[title]]
    return "\n".join(parts)


def index() -> str:
    """The text of the page that leads to the others."""
    rows = [f"| [`diffshape.{name}`]({name}.md) | {introduction(name).splitlines()[0]} |" for name in public_packages()]
    text = (
        "# API reference\n\nEvery public name, with shapes, units, errors, source and an example that runs as a test.\n"
    )
    return "\n".join([text, "| package | what |", "|---|---|", *rows, ""])


def pages() -> dict[str, str]:
    """The text of every page by its file name."""
    return {"index.md": index()} | {f"{package}.md": page(package) for package in public_packages()}


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
