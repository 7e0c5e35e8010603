"""Pieces of HTML, in which everything that is not a piece of HTML itself is escaped."""

import base64
from html import escape
from typing import TypeAlias


class Html(str):
    """Text that is HTML already, as :func:`element` makes it."""

    __slots__ = ()


Child: TypeAlias = "Html | str | int | float | None"
"""Content of an element: HTML, or text, which is escaped; None is left out."""
_VOID = {"img", "input", "meta", "br"}
"""Elements that have no content and no closing tag."""


def element(tag: str, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """An element with its content, each part of which is escaped unless it is HTML.

    An attribute of the value True is written without one, of False or None not at all. A trailing ``_`` of its name is
    dropped, every other one becomes a hyphen.

    >>> element("p", "a < b, ", element("b", "bold"), class_="note", aria_label='"x"', hidden=True)
    '<p class="note" aria-label="&quot;x&quot;" hidden>a &lt; b, <b>bold</b></p>'
    """
    parts = [
        tag,
        *(_attribute(name, value) for name, value in attributes.items() if value is not None and value is not False),
    ]
    begin = f"<{' '.join(parts)}>"
    return Html(begin if tag in _VOID else f"{begin}{joined(*children)}</{tag}>")


def joined(*children: Child) -> Html:
    """Pieces one after another, escaped unless they are HTML.

    >>> joined("1 < 2", Html("<br>"), None)
    '1 &lt; 2<br>'
    """
    return Html("".join(each if isinstance(each, Html) else escape(str(each)) for each in children if each is not None))


def png_image(png: bytes, *, alt: str, **attributes: str) -> Html:
    """A picture within the page; ``alt`` says what it shows to whoever does not see it."""
    return element("img", src=f"data:image/png;base64,{base64.b64encode(png).decode()}", alt=alt, **attributes)


def _attribute(name: str, value: object) -> str:
    name = name.removesuffix("_").replace("_", "-")
    return name if value is True else f'{name}="{escape(str(value))}"'
