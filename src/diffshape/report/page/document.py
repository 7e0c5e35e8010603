"""The frame of a page: title, sections with links to them, and the one style of all pages."""

from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from diffshape import __version__
from diffshape.report.page.html import Child, Html, element, joined

_META = ({"charset": "utf-8"}, {"name": "viewport", "content": "width=device-width, initial-scale=1"})


class Section(NamedTuple):
    """One section of a page."""

    title: str
    """Heading, which is also linked from the top of the page."""
    content: Html
    """Content under the heading."""


def document(title: str, sections: Sequence[Section], *, lead: Child = "", scripts: Sequence[str] = ()) -> str:
    """A whole page as HTML: it needs no other file and asks nothing of a network.

    Args:
        title: Heading of the page and name of its window.
        sections: Sections from the top.
        lead: Sentences under the heading.
        scripts: Names of files of JavaScript in this folder that are part of the page.

    >>> page = document("a < b", [Section("First", element("p", "text"))])
    >>> page.startswith("<!DOCTYPE html>"), "<h1>a &lt; b</h1>" in page
    (True, True)
    """
    style = element("style", Html(package_text("style.css")))
    head = element("head", *(element("meta", **each) for each in _META), element("title", title), style)
    links = [element("a", each.title, href=f"#section-{place}") for place, each in enumerate(sections)]
    body = element(
        "body",
        element("header", element("h1", title), element("p", lead, class_="lead") if lead else None),
        element("nav", *links, aria_label="Sections") if len(links) > 1 else None,
        element("main", *(_section(place, each) for place, each in enumerate(sections))),
        element("footer", f"Written by diffshape {__version__}."),
        *(element("script", Html(package_text(each))) for each in scripts),
    )
    page = f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
    return page.encode("utf-8", "replace").decode()  # names of files may have half characters, which no page can hold


def folded(summary: str, *content: Child) -> Html:
    """Content that is shown once its summary is clicked."""
    return element("details", element("summary", summary), joined(*content))


def package_text(name: str) -> str:
    """The text of a file of this folder."""
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _section(place: int, section: Section) -> Html:
    return element("section", element("h2", section.title), section.content, id=f"section-{place}")
