"""Pages of other servers are refused, those of the viewer and programs without a page are not."""

import pytest

from diffshape.report.viewer.own_pages import is_foreign

client = pytest.importorskip("websockets.sync.client")
viser = pytest.importorskip("viser")


def connect(viewer, origin):
    address = viewer.address.replace("http://", "ws://")
    return client.connect(address, origin=origin, subprotocols=[f"viser-v{viser.__version__}"], compression=None)


def test_a_page_of_another_server_cannot_connect(viewer):
    from websockets.exceptions import InvalidStatus

    for origin in ("https://example.org", "null", viewer.address.replace("http://127.0.0.1:", "http://127.0.0.1:1")):
        with pytest.raises(InvalidStatus, match="403"):
            connect(viewer, origin)


def test_the_own_page_and_programs_connect(viewer):
    for origin in (viewer.address, None):
        with connect(viewer, origin) as connection:
            assert connection.recv()


@pytest.mark.parametrize(
    ("origin", "host", "foreign"),
    [
        ("http://localhost:9000", "localhost:9000", False),  # a forwarded port
        ("http://[::1]:8080", "[::1]:8080", False),
        ("http://localhost:3000", "localhost:9000", True),
        ("http://127.0.0.1:8080.example.org", "127.0.0.1:8080", True),
        ("http://127.0.0.1:8080", None, True),
    ],
)
def test_origins(origin, host, foreign):
    assert is_foreign(origin, host) == foreign
