"""Only the viewer's own page may talk to its server.

A browser lets any page open a websocket to any address, also to one that only this machine reaches. What tells whose
page it is, is the origin that the browser names.
"""

import http
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from websockets.http11 import Request, Response  # type: ignore[import-not-found]


@contextmanager
def own_pages_only() -> Iterator[None]:
    """While entered, servers of websockets that start refuse pages of other origins; viser has no setting for it."""
    from websockets.asyncio import server  # type: ignore[import-not-found]

    serve = server.serve

    def guarded(*places: Any, process_request: Any, **options: Any) -> Any:
        def answer(connection: Any, request: "Request") -> "Response | None":
            if is_foreign(request.headers.get("Origin"), request.headers.get("Host")):
                return connection.respond(http.HTTPStatus.FORBIDDEN, "this page is not that of the viewer\n")
            return process_request(connection, request)

        return serve(*places, process_request=answer, **options)

    server.serve = guarded  # type: ignore[assignment]
    try:
        yield
    finally:
        server.serve = serve


def is_foreign(origin: str | None, host: str | None) -> bool:
    """Whether a request comes from a page of another server than the one that is asked; no page, no origin.

    Args:
        origin: Server of the page, such as "http://127.0.0.1:8080"; None: the request is not that of a page.
        host: Server that is asked, such as "127.0.0.1:8080".

    >>> is_foreign("http://127.0.0.1:8080", "127.0.0.1:8080"), is_foreign("https://example.org", "127.0.0.1:8080")
    (False, True)
    """
    return origin is not None and urlsplit(origin).netloc != host
