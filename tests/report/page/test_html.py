from diffshape.report.page.html import Html, element, joined, png_image
from page_reader import PageReader


def test_text_and_attributes_are_escaped_and_html_is_not():
    piece = element("p", '<b>&"', Html("<i>x</i>"), title='"><script>')
    assert piece == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&quot;<i>x</i></p>'
    assert isinstance(piece, Html)


def test_what_is_none_or_false_is_left_out():
    assert joined("a", None, 0) == "a0"
    assert element("canvas", hidden=True, title=None, tabindex=0, draggable=False) == (
        '<canvas hidden tabindex="0"></canvas>'
    )


def test_a_picture_lies_within_the_page():
    reader = PageReader(png_image(b"\x89PNG", alt="a < b"))
    assert dict(reader.attributes) == {"src": "data:image/png;base64,iVBORw==", "alt": "a < b"}
