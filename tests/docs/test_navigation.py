from collections import Counter

import pytest
import yaml

from doc_pages import ROOT, navigation, text_of

PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))


def test_every_page_is_in_the_navigation_once():
    shown = Counter(navigation())
    missing = [page for page in PAGES if page not in shown]
    assert missing == [], f"mkdocs.yml: nav needs a line for each of {missing}"
    lost = [page for page in shown if page not in PAGES]
    assert lost == [], f"mkdocs.yml: nav names pages that are not in docs/: {lost}"
    assert [page for page, times in shown.items() if times > 1] == []


@pytest.mark.parametrize(
    ("name", "file"), [("contributing", "CONTRIBUTING.md"), ("changes", "CHANGELOG.md"), ("security", "SECURITY.md")]
)
def test_pages_of_the_project_are_the_files_at_the_root(name, file):
    assert text_of(ROOT / "docs" / "project" / f"{name}.md") == f'--8<-- "{file}"\n'
    assert text_of(ROOT / file).startswith("# ")


def test_warnings_are_errors_and_nothing_is_loaded_from_elsewhere():
    config = yaml.safe_load(text_of(ROOT / "mkdocs.yml"))
    assert config["strict"] is True
    assert config["theme"]["font"] is False
    assert "extra_javascript" not in config
