"""A report in a real browser, from disk: what is drawn, what the controls change, and that nothing is asked for."""

import pytest

pytestmark = pytest.mark.browser


WINDOWS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 500}}


@pytest.fixture(params=WINDOWS)
def page(request, browser, watched):
    """The report, drawn; it asks for nothing but itself, and no script of it fails."""
    page = browser.new_page(viewport=WINDOWS[request.param])
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((watched / "report.html").as_uri())
    page.wait_for_function("document.querySelector('canvas').dataset.pictures > 0")
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [(watched / "report.html").as_uri()]
    assert not errors


def pixels(page):
    """The colours of a coarse grid of the canvas, of a picture drawn just now."""
    return page.evaluate(
        """() => new Promise((tell) => {
          const canvas = document.querySelector("canvas"), small = document.createElement("canvas");
          Object.assign(small, { width: 48, height: 48 });
          canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "+" }));
          canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "0" }));
          requestAnimationFrame(() => {
            const pen = small.getContext("2d");
            pen.drawImage(canvas, 0, 0, 48, 48);
            tell(Array.from(pen.getImageData(0, 0, 48, 48).data).join());
          });
        })"""
    )


def test_the_surface_is_drawn_and_controls_change_it(page):
    surface = pixels(page)
    assert len(set(surface.split(","))) > 30
    assert page.locator(".scene-picture").is_hidden()
    page.get_by_label("Colour of surface").select_option(label="distance to the true surface")
    errors = pixels(page)
    assert errors != surface
    assert "surface: distance to the true surface" in page.locator(".scene-bars").inner_text()
    page.get_by_label("surface (").last.uncheck()
    nothing = pixels(page)
    assert set(nothing.split(",")) == {"0"}
    page.get_by_label("input points (").check()
    assert pixels(page) not in (surface, errors, nothing)


def test_the_slider_goes_back_in_time(page):
    end = pixels(page)
    slider = page.get_by_label("Along the way")
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator("output").inner_text() == "step 3"
    assert pixels(page) != end
    page.keyboard.press("End")
    assert page.locator("output").inner_text() == "the end"
    assert pixels(page) == end


def test_keys_turn_the_shape_and_bring_it_back(page):
    drawn = (
        "new Promise((tell) => requestAnimationFrame(() => tell(document.querySelector('canvas').dataset.pictures)))"
    )
    page.locator("canvas").focus()
    counts = []
    for key in ("ArrowLeft", "+", "0"):
        page.keyboard.press(key)
        counts.append(page.evaluate(drawn))
    assert len(set(counts)) == 3


def test_the_page_is_as_wide_as_its_window_and_shows_the_sections(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.get_by_role("link", name="Sections through the field").click()
    section = page.locator("section", has=page.get_by_role("heading", name="Sections through the field"))
    assert section.locator("img").evaluate("image => image.complete && image.naturalWidth > 300")
    seen = "() => document.querySelector(location.hash).getBoundingClientRect().top < innerHeight"
    page.wait_for_function(seen)


@pytest.mark.parametrize("without", ["scripts", "WebGL"])
def test_a_picture_stands_in_for_what_cannot_be_drawn(browser, watched, without):
    context = browser.new_context(java_script_enabled=without != "scripts")
    page = context.new_page()
    if without == "WebGL":
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto((watched / "report.html").as_uri())
    if without == "WebGL":
        page.get_by_text("no WebGL 2").wait_for()
    assert page.locator(".scene-picture").is_visible()
    assert page.locator(".scene-stage canvas").is_hidden()
    context.close()
