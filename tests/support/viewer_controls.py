"""Controls of the viewer, as they are used in a browser."""

import re


def press(page, name: str, key: str) -> None:
    """Press a key on the slider of a name."""
    label = page.locator("label").filter(has_text=re.compile(f"^{name}$")).last
    slider = label.locator("xpath=ancestor::*[.//*[@role='slider']][1]").get_by_role("slider")
    slider.evaluate("slider => slider.focus()")
    page.keyboard.press(key)
