"""Which file of a package imports which, read from the source, and the circles in that."""

import ast
from collections.abc import Iterator
from pathlib import Path


def import_graph(package: Path) -> dict[str, set[str]]:
    """The modules that every module of a package imports, also within functions and for type checkers only.

    A name that a package lists, in its ``__init__.py`` or the stub beside it, comes from the file that defines it; for
    files of that package it comes from the list as well. The stub of the outermost package, which lists packages, is
    not looked at.
    """
    files = {module_in(path.relative_to(package.parent)): path for path in package.rglob("*.py")}
    imported = {module: [*imported_names(path), *stub_names(path, package)] for module, path in files.items()}
    lists = {
        module: {name: source for source, name in imported[module] if source != module}
        for module, path in files.items()
        if path.stem == "__init__"
    }

    def homes(importer: str, module: str, name: str) -> Iterator[str]:
        if name in lists.get(module, {}):
            yield from homes(importer, lists[module][name], name)
            if importer.startswith(f"{module}."):
                yield module
        else:
            yield f"{module}.{name}" if f"{module}.{name}" in files else module

    return {
        importer: {home for pair in pairs for home in homes(importer, *pair)} & files.keys() - {importer}
        for importer, pairs in imported.items()
    }


def module_in(path: Path) -> str:
    """The name of the module that a file holds."""
    return ".".join((path.parent if path.stem == "__init__" else path.with_suffix("")).parts)


def imported_names(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of everything that a file imports; no name where it is the module itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import in line {node.lineno}"
            yield from ((node.module or "", alias.name) for alias in node.names)


def stub_names(path: Path, package: Path) -> Iterator[tuple[str, str]]:
    """`imported_names` of the stub beside a file, where there is one that counts."""
    stub = path.with_suffix(".pyi")
    return imported_names(stub) if stub.exists() and path.parent != package else iter(())


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of files of which each leads to every other by way of imports."""
    reached = {name: reachable(graph, name) for name in graph}
    groups = {frozenset(other for other in reached[name] if name in reached[other]) for name in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Everything to which some way leads from one file."""
    found, waiting = set(), [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found
