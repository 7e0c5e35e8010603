"""The web server of the viewer, which viser is; it listens on this machine only unless told otherwise."""

import errno
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import rich

from diffshape._bounds import check_whole
from diffshape.report.viewer.own_pages import own_pages_only

if TYPE_CHECKING:
    import viser  # type: ignore[import-not-found]

HOST = "127.0.0.1"
"""Address at which the viewer listens: that of this machine, which no other one reaches."""
PORT = 8080
"""First port that is tried if none is given."""
_SURROUNDINGS = 0.5
"""Strength of the light from all around, of which viser's own, 1, bleaches surfaces and the colours of errors."""
_TRIED = 100
"""Number of ports that are tried if none is given."""
_Made = TypeVar("_Made")


def start_server(host: str = HOST, port: int | None = None) -> "viser.ViserServer":
    """A server that listens, with nothing to see yet.

    Args:
        host: Address to listen at.
        port: Port to listen at; None: the first free one from 8080 on.

    Raises:
        ImportError: viser is not installed.
        ValueError: The port is out of range, or all that are tried are taken.
        OSError: The port that was given is taken, or this machine does not have the address.
    """
    try:
        import viser  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError('the viewer needs viser; pip install "diffshape[viewer]"') from error
    chosen = _free_port(host, port)
    with own_pages_only():
        server = _silently(lambda: viser.ViserServer(host=host, port=chosen, label="diffshape", verbose=False))
    server.request_share_url = lambda verbose=True: None  # a browser may ask for it; nothing here leaves this machine
    server.gui.configure_theme(show_logo=False, show_share_button=False, control_width="medium")
    server.scene.configure_environment_map("warehouse", environment_intensity=_SURROUNDINGS)
    return server


def stop_server(server: "viser.ViserServer") -> None:
    """Stop a server, and its browsers say that it is gone."""
    _silently(server.stop)


def address_of(server: "viser.ViserServer") -> str:
    """What to type into a browser on this machine.

    >>> from types import SimpleNamespace
    >>> address_of(SimpleNamespace(get_host=lambda: "127.0.0.1", get_port=lambda: 8080))
    'http://127.0.0.1:8080'
    """
    host = server.get_host()
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host) or (f"[{host}]" if ":" in host else host)
    return f"http://{named}:{server.get_port()}"


def _free_port(host: str, port: int | None) -> int:
    """The port that was given, or the first free one; viser would silently take another, and never end on an address
    that is not there."""
    if port is not None:
        check_whole("port", port, 1, 65_535)
    for each in range(PORT, PORT + _TRIED) if port is None else [port]:
        refusal = _refusal(host, each)
        if refusal is None:
            return each
        if port is not None or refusal.errno != errno.EADDRINUSE:
            raise refusal
    raise ValueError(f"the ports {PORT} to {PORT + _TRIED - 1} of {host} are all taken; give another one by port")


def _refusal(host: str, port: int) -> OSError | None:
    """Why nothing can listen at a port; None if something can."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror:
        return OSError(f"{host} is no address to listen at; leave it out, or give one of this machine")
    except OSError as error:
        said = {
            errno.EADDRINUSE: f"port {port} of {host} is taken; give another port, or none",
            errno.EACCES: f"port {port} of {host} may not be used; give a port above 1023, or none",
            errno.EADDRNOTAVAIL: f"{host} is no address of this machine; leave it out, or give one of its own",
        }
        return OSError(error.errno, said.get(error.errno or 0, str(error)))
    return None


def _silently(make: Callable[[], _Made]) -> _Made:
    """What a function returns, without the panel that viser prints about it, in a notebook too."""
    console = rich.get_console()
    before, console.quiet = console.quiet, True
    try:
        return make()
    finally:
        console.quiet = before
