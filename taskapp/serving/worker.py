"""gunicorn's worker, with problem details for what it refuses before the application sees it.

A request head must be complete within `keepalive` seconds; that is gunicorn's own doing. How long
a connection is kept without one is said in `idle`.
"""

import contextlib
import json
import secrets
import socket
from dataclasses import dataclass
from typing import Any

from gevent.server import StreamServer
from gunicorn import glogging
from gunicorn.http import wsgi
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize
from gunicorn.workers import ggevent

from taskapp import config, problems
from taskapp.serving import idle
from taskapp.telemetry import request_ids

# Found when the rest of a body is skipped, after the request was answered. A proxy could take a
# second answer for the answer to somebody else's request.
BROKEN_BODY = (InvalidChunkSize, InvalidChunkExtension, ChunkMissingTerminator)
LET_FINISH = 2**20  # bytes that are read of a request that was refused, for a second at most


class Worker(ggevent.GeventWorker):
    """gunicorn's gevent worker, which answers every error as `problems` does."""

    quits = False

    @classmethod
    def setup(cls) -> None:
        """Change in gunicorn what it has no setting for; gunicorn calls it when it is set up."""
        ggevent.StreamServer = _Server  # type: ignore[attr-defined]
        wsgi.Response.default_headers = _without_banner  # type: ignore[assignment,method-assign]

    def handle_quit(self, sig: Any, frame: Any) -> None:
        """End at once, though the terminal and the master both say so when somebody types Ctrl-C.

        gevent prints the second `SystemExit` as an error of the end that the first one began.
        """
        if not self.quits:
            self.quits = True
            super().handle_quit(sig, frame)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Handle a connection, also one that was accepted just before the port was closed."""
        named: Any = _Named(client.getsockname())
        super().handle(named, client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> bool:
        """Answer a request; StopIteration if the connection is not kept for another."""
        super().handle_request(listener_name, req, sock, addr)
        app: Any = self.wsgi
        seconds = config.of(app).keep_alive
        if seconds > idle.HEAD and not idle.until_request(self, sock, req.unreader, seconds):
            raise StopIteration
        return True

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that gunicorn can't or won't read."""
        if isinstance(exc, BROKEN_BODY):
            return  # and the connection is closed
        refused: Any = _Refused(client)
        super().handle_error(req, refused, addr, exc)


class Logger(glogging.Logger):
    """gunicorn's logger, without its own line for each request: the application writes one.

    It would gather what such a line says even if nothing is written.
    """

    access_log_enabled = False


class _Server(StreamServer):
    """Accepts everybody whom the kernel has let connect, before the port is closed.

    Otherwise they would be cut off, and could not tell whether what they sent was done.
    """

    def close(self) -> None:
        if not self.closed:
            while arrived := self.do_read():
                self.do_handle(*arrived)
        super().close()


@dataclass
class _Named:
    """What gunicorn asks for the name of a listener, which itself may be closed by now."""

    name: Any

    def getsockname(self) -> Any:
        return self.name


class _Refused:
    """A client's socket that replaces gunicorn's page of HTML with a problem."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def sendall(self, page: bytes) -> None:
        _, code, reason = page.partition(b"\r\n")[0].decode("latin1").split(" ", 2)
        status, request_id = int(code), secrets.token_hex(16)
        detail = problems.UNREAD.get(status, problems.UNREAD_OTHERWISE)
        problem = problems.document(reason, status, detail, instance="", request_id=request_id)
        body = json.dumps(problem).encode()
        head = (
            f"HTTP/1.1 {code} {reason}\r\nConnection: close\r\n"
            f"Content-Type: {problems.MEDIA_TYPE}\r\n{request_ids.HEADER}: {request_id}\r\n"
            f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._client.settimeout(1)
        self._client.sendall(head.encode("latin1") + body)
        self._let_finish()

    def _let_finish(self) -> None:
        # A connection that is closed while the client still sends is reset, and the answer lost.
        left = LET_FINISH
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)
            while left > 0 and (piece := self._client.recv(65536)):
                left -= len(piece)


_default_headers = wsgi.Response.default_headers


def _without_banner(response: Any) -> list[str]:
    lines: list[str] = _default_headers(response)
    return [line for line in lines if not line.startswith("Server:")]
