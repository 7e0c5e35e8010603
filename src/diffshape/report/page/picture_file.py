"""Pictures in files as parts of a page."""

import base64
import io
from pathlib import Path

from PIL import Image

from diffshape.report.page.html import Html, element

_LEAST_WIDTH = 680
"""Width in pixels below which a wider picture is not shrunk; a narrower screen scrolls over it."""
_QUALITY = 82
"""Quality of the pictures, of 100, at which rendered surfaces and letters look as they do in the file."""


def picture_figure(path: Path, caption: str) -> Html:
    """The picture of a file over its caption, as :func:`picture` has it; a narrow screen scrolls over a wide one."""
    return element("figure", element("div", picture(path, alt=caption), class_="wide"), element("figcaption", caption))


def picture(path: Path, *, alt: str, width: int | None = None) -> Html:
    """The picture of a file within the page, as WebP, a tenth of the size of the PNG; a note if it cannot be read.

    Args:
        path: File of the picture.
        alt: What the picture shows, for whoever does not see it.
        width: Largest width in pixels, to which a wider picture is scaled down; None keeps it as it is.
    """
    try:
        with Image.open(path) as file:
            image = file.convert("RGB")
    except (OSError, ValueError) as error:  # what else the run has left is shown all the same
        return element("p", f"{path.name} cannot be read: {error}", class_="note")
    if width is not None and image.width > width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    image.save(data, "WEBP", quality=_QUALITY, method=4)
    source = f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"
    least = f"min-width: {min(image.width, _LEAST_WIDTH)}px"
    return element("img", src=source, alt=alt, width=image.width, height=image.height, style=least)
