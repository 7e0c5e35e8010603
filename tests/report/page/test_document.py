import re

from diffshape.report.page.document import Section, document, folded
from diffshape.report.page.html import element
from diffshape.report.page.webgl.figure import SCRIPTS
from page_reader import PageReader


def test_a_page_is_well_formed_and_its_text_escaped():
    sections = [Section("<i>One", element("p", "1 < 2")), Section("Two", folded("more", "text"))]
    reader = PageReader(document("<script>x", sections, lead="<b>", scripts=SCRIPTS))
    assert reader.tags.count("script") == len(SCRIPTS)
    assert not {"i", "b"} & set(reader.tags)
    assert reader.texts["h1"] == ["<script>x"]
    assert [value for name, value in reader.attributes if name == "href"] == ["#section-0", "#section-1"]


def test_a_name_that_is_no_unicode_can_be_written():
    assert "<h1>a?.ply</h1>" in document("a\udc80.ply", [])


def test_one_section_needs_no_links():
    assert "nav" not in PageReader(document("t", [Section("One", element("p", "text"))])).tags


def test_style_and_scripts_ask_nothing_of_a_network_and_end_no_element():
    page = document("t", [], scripts=SCRIPTS)
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(|fetch\(|XMLHttpRequest|WebSocket", page)
    assert len(re.findall("</script", page)) == len(SCRIPTS)
