"""The server: this machine only, one sentence where a port is taken or viser is absent."""

import socket
import sys

import pytest
from rich.console import Console

from diffshape.report.viewer.server import start_server, stop_server


def test_it_listens_on_this_machine_only(viewer, capsys):
    port = viewer.server.get_port()
    assert viewer.address == f"http://127.0.0.1:{port}"
    listening = viewer.server._websock_server._background_event_loop
    assert listening.is_running()
    with socket.socket() as other:  # every other address of the machine has the port free
        other.bind(("127.0.0.2", port))
    with pytest.raises(OSError, match="in use"), socket.socket() as same:
        same.bind(("127.0.0.1", port))
    assert capsys.readouterr().out == ""


def test_nothing_is_printed_into_the_cell_of_a_notebook(monkeypatch):
    cell = []
    monkeypatch.setattr("rich.jupyter.display", lambda *parts: cell.append(parts))
    monkeypatch.setattr("rich._console", Console(force_jupyter=True))
    stop_server(start_server())
    assert cell == []


def test_a_port_that_is_taken_is_a_sentence(viewer):
    port = viewer.server.get_port()
    with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 is taken; give another port, or none"):
        start_server(port=port)
    another = start_server()
    assert another.get_port() > port
    another.stop()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"host": "203.0.113.7"}, "203.0.113.7 is no address of this machine"),
        ({"host": "not a name"}, "not a name is no address to listen at"),
        ({"port": 70_000}, "port must be at most 65,535"),
    ],
)
def test_a_place_where_nothing_can_listen_is_a_sentence(place, said):
    with pytest.raises((OSError, ValueError), match=said):
        start_server(**place)


def test_without_viser_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "viser", None)
    with pytest.raises(ImportError, match=r'pip install "diffshape\[viewer\]"'):
        start_server()


def test_nothing_is_shared_with_another_host(viewer):
    assert viewer.server.request_share_url() is None
