"""What is written for people: the code runs, the names in it exist, and the links lead somewhere."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [
    pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("code", BLOCKS)
def test_names_in_code_exist(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("diffshape"):
            for name in node.names:
                module = importlib.import_module(node.module)
                assert hasattr(module, name.name) or importlib.import_module(f"{node.module}.{name.name}")


@pytest.mark.parametrize("code", [block for block in BLOCKS if not re.search(r"fit_points|read_", block.values[0])])
def test_code_that_needs_no_file_and_no_fit_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what it writes is not there the next time
    exec(compile(code, "documentation", "exec"), {})
