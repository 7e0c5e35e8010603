"""The built site in a real browser: pages are whole, on a desktop and a phone, ask no other host, and are found."""

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from doc_pages import ROOT, navigation

SITE = ROOT / "site"
PAGES = [page.removesuffix(".md") + ".html" for page in navigation()]
SOME = [page for page in PAGES if "/" not in page] + PAGES[::9]
"""Pages by subject, and of each folder those that come."""
WINDOWS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
BROKEN = "[...document.images].filter((each) => each.complete && !each.naturalWidth).map((each) => each.src)"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not SITE.is_dir(), reason="no site is built: make docs"),
]


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    """Where the site is served, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(browser, address):
    """A function that opens a window of a kind; what it shows asks no other host, and no script of it fails."""
    opened, asked, errors = [], [], []

    def open_page(window):
        page = browser.new_page(viewport=WINDOWS[window])
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []


@pytest.mark.parametrize("window", WINDOWS)
def test_pages_are_whole_and_as_wide_as_their_window(open_page, address, window):
    page, wrong = open_page(window), []
    for name in SOME:
        answer = page.goto(address + name)
        wide = page.evaluate("document.documentElement.scrollWidth") > WINDOWS[window]["width"]
        if not answer.ok or wide or not page.locator("h1").first.is_visible() or page.evaluate(BROKEN):
            wrong.append((name, answer.status, "too wide" if wide else page.evaluate(BROKEN)))
    assert wrong == []


def test_a_page_is_found_by_a_word_and_by_the_navigation(open_page, address):
    page = open_page("desktop")
    page.goto(address + "index.html")
    field = page.locator("input:visible")
    for _ in range(30):  # until the scripts of the page listen
        page.keyboard.press("Control+k")
        page.wait_for_timeout(1000)
        if field.count():
            break
    field.fill("hausdorff")
    page.locator("a:visible[href$='points/hausdorff_distance.html']").first.click()
    page.wait_for_url(re.compile("hausdorff_distance"))
    page.get_by_role("link", name="Units and conventions").first.click()
    page.wait_for_url(re.compile(r"units\.html"))
    assert page.locator("h1").inner_text().startswith("Units")


def test_a_page_opens_from_disk(browser):
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((SITE / "index.html").as_uri())
    page.get_by_role("link", name="which loss").first.click()
    assert page.locator("h1").inner_text().startswith("Which loss")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.close()
