"""What is written for people: the code runs, the names in it exist, and links, anchors and paths lead somewhere."""

import ast
import importlib
import re

import pytest

from doc_pages import PAGES, ROOT, anchors, blocks, links, navigation, short, text_of

SOURCES = [
    path for folder in ("src", "benchmarks", "docs", "examples") for path in sorted((ROOT / folder).rglob("*.py"))
]
BLOCKS = [
    pytest.param(code, id=f"{short(page)}-{number}")
    for page in PAGES
    for number, code in enumerate(code for kind, code in blocks(page) if kind == "python")
]

QUICK = {
    "kettle = data.demo_scan()": "kettle = data.icosphere(2).vertices, data.icosphere(3)",
    "fit_mesh(kettle, seconds=5)": "fit_mesh(kettle, steps=20)",
    "samples=100_000": "samples=2_000, resolution=32",
    "samples=10_000, queries=50_000": "samples=500, queries=2_000",
    'shape_family("torus", 3).meshes()': 'shape_family("torus", 3).meshes(2)',
    "steps=100, stop=": "steps=20, stop=",
}
"""What stands in a page, and what is run in its place."""


def paths_named(text):
    """Files of the repository that a text names, by path or as a module to run."""
    files = re.findall(
        r"(?<![\w/.])((?:benchmarks|docs|examples|src|tests)/[\w./-]*\.(?:py|md|png|jsonl|ipynb))\b", text
    )
    modules = re.findall(r"-m (benchmarks(?:\.\w+)+)", text)
    return {ROOT / file for file in files} | {ROOT / module.replace(".", "/") for module in modules}


def there(path):
    """Whether a file, a module or a package that can be run is there."""
    return path.is_file() or path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_anchors_are_those_of_github(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        '# A `b`, c?\n\n```sh\n# no heading\n```\n\n## 3. Why Dice-like\n\n## A `b`, c?\n\n<a id="a.b"></a>\n',
        encoding="utf-8",
    )
    assert anchors(page) == ["a-b-c", "3-why-dice-like", "a-b-c-1", "a.b"]


def test_links_are_those_of_markdown_and_of_html(tmp_path):
    page = tmp_path / "page.md"
    text = (
        '[a](b.md#c) ![d](e.png) [f](https://g) <img width="9" src="h.png"> <a href="#i">\n\n```python\nx[0](1)\n```\n'
    )
    page.write_text(text, encoding="utf-8")
    assert links(page) == [(tmp_path / "b.md", "c"), (tmp_path / "e.png", ""), (tmp_path / "h.png", ""), (page, "i")]


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_links_and_anchors_lead_somewhere(page):
    lost = [
        f"{target}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert lost == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "Makefile"], ids=short)
def test_files_that_a_page_names_exist(page):
    assert [path for path in paths_named(text_of(page)) if not there(path)] == []


def test_files_that_the_code_names_exist():
    lost = {
        (short(source), short(path))
        for source in SOURCES
        for path in paths_named(source.read_text(encoding="utf-8"))
        if not there(path)
    }
    assert lost == set()


def test_a_lost_file_is_noticed():
    named = paths_named("by `docs/index.md`, `docs/nothing.md`, `python -m benchmarks.page`, `-m benchmarks.nothing`")
    assert {short(path) for path in named if not there(path)} == {"docs/nothing.md", "benchmarks/nothing"}


def test_every_file_of_the_docs_is_reached_from_another():
    """Pages by a link or from the navigation, images by a link, scripts by their path."""
    reached = {ROOT / "docs" / page for page in navigation()}
    reached |= {target for page in PAGES for target, _ in links(page) if target != page}
    reached |= {path for page in PAGES for path in paths_named(text_of(page))}
    files = {path for path in (ROOT / "docs").rglob("*") if path.suffix in (".md", ".png", ".py")}
    assert {short(path) for path in files - reached} == set()


@pytest.mark.parametrize("code", BLOCKS)
def test_names_in_code_exist(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("diffshape"):
            for name in node.names:
                module = importlib.import_module(node.module)
                assert hasattr(module, name.name) or importlib.import_module(f"{node.module}.{name.name}")


@pytest.mark.parametrize(
    "code", [block for block in BLOCKS if not re.search(r"fit_points|read_(?!shapes)", block.values[0])]
)
def test_code_that_needs_no_file_and_no_fit_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what it writes is not there the next time
    exec(compile(quick(code), "documentation", "exec"), {})


def quick(code):
    """The code with fewer steps and samples where a page has many; what it shows stays."""
    for slow, fast in QUICK.items():
        code = code.replace(slow, fast)
    return code


def test_every_number_that_is_replaced_is_there():
    everything = "".join(block.values[0] for block in BLOCKS)
    assert [slow for slow in QUICK if slow not in everything] == []


def test_figures_of_the_readme_are_those_of_the_benchmarks():
    page = text_of(ROOT / "docs" / "benchmarks.md")
    table = text_of(ROOT / "README.md").split("## Figures")[1].split("## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    figures = [number for row in rows for cell in row.split("|")[2:] for number in re.findall(r"\d+\.\d+", cell)]
    assert len(figures) > 8
    assert [number for number in figures if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", page)] == []
    ratios = re.search(r"^\|[^|]*over the best[^|]*\| ([\d./ ]+) \|", table, re.M)[1].split(" / ")
    kinds = [re.search(rf"^\| {re.escape(kind)} \|.*", page, re.M)[0].split("|") for kind in ("0", "0.005", "0.01")]
    assert ratios == [cells[5].strip(" *") for cells in kinds]  # the column "all"
