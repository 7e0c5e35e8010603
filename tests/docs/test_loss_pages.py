"""Each public loss has one page and one picture, all pages are made alike, and the index leads to every one of them."""

import re
from pathlib import Path

import pytest

from diffshape import losses

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {path.stem: path for path in sorted((DOCS / "losses").glob("*/*.md"))}
NO_LOSSES = {"bounded_log_variance"}
"""Public functions beside the losses."""
LOSSES = {name for name in losses.__all__ if name.islower()} - NO_LOSSES | {"LandmarkLoss"}
SECTIONS = [
    "Formula",
    "Gradient",
    "Shapes, units, range",
    "When to use it, and when not",
    "Conventions elsewhere",
    "Cost",
    "Awkward cases",
    "Example",
    "Sources",
]
LARGEST_PICTURE, PALETTE = 40_000, 3


def test_every_loss_has_a_page_and_every_page_a_loss():
    assert set(PAGES) == LOSSES


def test_no_two_pages_have_one_name():
    assert len(PAGES) == len(list((DOCS / "losses").glob("*/*.md")))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_says_everything_in_order(name):
    text = PAGES[name].read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert f"`diffshape.losses.{name}`" in text
    assert re.findall(r"^## (.+)$", text, re.M) == SECTIONS
    assert all(section.strip() for section in re.split(r"^## .+$", text, flags=re.M)), "an empty section"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_an_example_uses_the_loss_and_asserts_what_it_gives(name):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGES[name].read_text(encoding="utf-8"), re.M | re.S)
    assert f"losses.{name}(" in code
    assert "assert " in code


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_shows_the_small_picture_of_its_loss(name):
    folder = PAGES[name].parent.name
    assert f"](../images/{folder}/{name}.png)" in PAGES[name].read_text(encoding="utf-8")
    picture = (DOCS / "losses" / "images" / folder / f"{name}.png").read_bytes()
    assert len(picture) < LARGEST_PICTURE
    assert picture[25] == PALETTE, "the colour type of a PNG"


def test_a_script_draws_every_picture():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "pictures" / "losses").glob("*.py"))
    assert {name for name in LOSSES if f'"{name}":' not in code} == set()


def test_the_index_leads_to_every_page_once():
    index = (DOCS / "losses" / "index.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`(\w+)`\]\((\w+)/(\w+)\.md\) \| .+ \|$", index, re.M)
    assert sorted(name for name, _, _ in rows) == sorted(LOSSES)
    assert all(PAGES[name] == DOCS / "losses" / folder / f"{stem}.md" for name, folder, stem in rows)
