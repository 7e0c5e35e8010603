"""What the site makes of a docstring before it becomes HTML: examples become code, shared descriptions are repeated.

mkdocs.yml names this file as an extension of griffe, which reads the docstrings without importing the library.
"""

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
"""Lines of an interpreter, up to the next empty one."""
SHARED = re.compile(r"^( {4})(\w+(?:, \w+)+)(: .*(?:\n {5,}.*)*)", re.MULTILINE)
"""One description of several arguments: ``azimuth, elevation: Where the camera stands, in degrees.``"""


def prepared(docstring: str) -> str:
    """The docstring with its examples in fences, and with a description of its own for every argument."""
    fenced = EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", docstring)
    return SHARED.sub(lambda found: "\n".join(f"{found[1]}{name}{found[3]}" for name in found[2].split(", ")), fenced)


class Docstrings(griffe.Extension):
    """Prepares every docstring as it is read."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called by griffe with each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = prepared(obj.docstring.value)
