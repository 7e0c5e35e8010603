"""Tables of a page."""

from collections.abc import Sequence

from diffshape.report.page.html import Child, Html, element

SORTING = "sorting.js"
"""Script by which the reader sorts tables of columns, for the page that has some."""


def facts_table(rows: Sequence[tuple[Child, Child, Child]]) -> Html:
    """Facts, a row each: its name, its value, and a sentence on what it means.

    >>> facts_table([("faces", "1,280", "triangles")])
    '<table class="facts"><tbody><tr><th scope="row">faces</th><td>1,280</td><td>triangles</td></tr></tbody></table>'
    """
    lines = [
        element("tr", element("th", name, scope="row"), element("td", value), element("td", meaning))
        for name, value, meaning in rows
    ]
    return element("table", element("tbody", *lines), class_="facts")


def columns_table(head: Sequence[Child], rows: Sequence[Sequence[Child]]) -> Html:
    """A table of columns with a head, which can be scrolled sideways where the screen is narrow.

    >>> columns_table(["scan", "error"], [["ball", 0.5]]).count("<td>")
    2
    """
    top = element("thead", element("tr", *(element("th", each, scope="col") for each in head)))
    lines = [element("tr", *(element("td", each) for each in row)) for row in rows]
    return element("div", element("table", top, element("tbody", *lines), class_="columns"), class_="wide")
