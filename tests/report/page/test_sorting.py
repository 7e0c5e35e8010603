"""Sorting of tables in a real browser."""

import pytest

from diffshape.report.page.document import Section, document
from diffshape.report.page.html import element
from diffshape.report.page.table import SORTING, columns_table

pytestmark = pytest.mark.browser
ROWS = [["b2", "1,000"], ["b10", "-"], ["a1", "-0.5"], ["c", "9"]]


@pytest.fixture
def page(browser, tmp_path):
    """A table of words and numbers; it asks for nothing but itself, and no script of it fails."""
    path = tmp_path / "page.html"
    table = columns_table(["name", "number"], [[element("a", name, href="#"), number] for name, number in ROWS])
    path.write_text(document("Numbers", [Section("All", table)], scripts=[SORTING]), encoding="utf-8")
    page, asked, errors = browser.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert (asked, errors) == ([path.as_uri()], [])


def names(page):
    return page.locator("tbody td:first-child").all_inner_texts()


def test_a_click_sorts_numbers_as_numbers_and_what_is_not_known_last(page):
    assert names(page) == ["b2", "b10", "a1", "c"]
    page.get_by_role("button", name="number").click()
    assert names(page) == ["a1", "c", "b2", "b10"]
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("number")
    page.get_by_role("button", name="number").click()
    assert names(page) == ["b2", "c", "a1", "b10"]
    assert page.locator("th[aria-sort=descending]").count() == 1


def test_words_are_sorted_as_words_and_numbers_within_them_as_numbers(page):
    page.get_by_role("button", name="name").press("Enter")
    assert names(page) == ["a1", "b2", "b10", "c"]
    assert page.locator("th[aria-sort]").count() == 1


def test_numbers_are_set_to_the_right(page):
    assert page.locator("td.number").all_inner_texts() == ["1,000", "-", "-0.5", "9"]
