"""gunicorn's worker, with problem details for what it refuses before the application sees it.

A request head must be complete within `keepalive` seconds; that is gunicorn's own doing. How long
a connection is kept without one is said in `idle`, what else it may hold in `clients`.
"""

import contextlib
import json
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from gevent.server import StreamServer
from gunicorn import glogging, util
from gunicorn.http import errors, parser, wsgi
from gunicorn.workers import ggevent

from taskapp import config, problems
from taskapp.headers import Header
from taskapp.rest import cors
from taskapp.serving import idle, origins
from taskapp.serving.clients import Client
from taskapp.telemetry import request_ids

# What gunicorn finds wrong with our own answer, though it is of the kind below.
OURS = (
    errors.InvalidResponseHeader,  # type: ignore[attr-defined]
    errors.InvalidResponseHeaderName,  # type: ignore[attr-defined]
)
# What gunicorn raises for a request that it can't or won't read: 400, unless it is one of these.
STATUSES: dict[type[Exception], int] = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
}
ACCEPTED = 16  # connections in one turn of the loop, at most
HESITATION = 10e-6  # seconds before another one is accepted, for each that a worker has
REST = 1e-3  # seconds before more are accepted by a worker that has as many as that
GATHERED = 2**15  # bytes of a body that are sent together with the head, at most
FURTHER_HEADERS = 2**16  # bytes of a request's head beside its longest header


class Worker(ggevent.GeventWorker):
    """gunicorn's gevent worker, which answers every error as `problems` does."""

    quits = False

    @classmethod
    def setup(cls) -> None:
        """Change in gunicorn what it has no setting for; gunicorn calls it when it is set up."""
        ggevent.StreamServer = _Server  # type: ignore[attr-defined]
        parser.RequestParser.mesg_class = _Request
        wsgi.Response = _Response  # type: ignore[misc]
        util.http_date = _date

    def init_process(self) -> None:
        """Serve; gunicorn calls it in each new process."""
        _Server.has_others = self.cfg.workers > 1
        super().init_process()

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
        bounded: Any = Client(client)
        super().handle(named, bounded, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> bool:
        """Answer a request, and read what is left of it; StopIteration if it was the last one."""
        sock.give_way()
        try:
            super().handle_request(listener_name, req, sock, addr)
        except StopIteration:
            sock.finish(req.body)
            raise
        if not sock.finish(req.body):
            raise StopIteration
        app: Any = self.wsgi
        seconds = config.of(app).keep_alive
        if seconds > idle.HEAD and not idle.until_request(self, sock, req.unreader, seconds):
            raise StopIteration
        return True

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that gunicorn can't or won't read, or whose answer it can't send."""
        if isinstance(exc, errors.ParseException) and not isinstance(exc, OURS):
            # What it says of itself repeats headers.
            self.log.warning("Refused a request from %s: %s", addr[0], type(exc).__name__)
            status = STATUSES.get(type(exc), 400)
        else:
            self.log.error("Error handling a request", exc_info=exc)
            status = 500
        if status in (414, 431):
            origins.read_on(exc, client.recv)
        asked = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": origins.of(exc)}
        with contextlib.suppress(OSError):
            app: Any = self.wsgi
            client.sendall(_refusal(status, cors.added(app, asked)))
            client.end()


class Logger(glogging.Logger):
    """gunicorn's logger, without its own line for each request: the application writes one."""

    # It would gather what such a line says even if nothing is written.
    access_log_enabled = False

    def debug(self, msg: object, *args: object, **more: Any) -> None:
        """Write a line; exceptions in it are named only, since they repeat what was sent."""
        named = [type(each).__name__ if isinstance(each, Exception) else each for each in args]
        super().debug(msg, *named, **more)


class _Server(StreamServer):
    """Accepts everybody whom the kernel has let connect, before the port is closed.

    Otherwise they would be cut off, and could not tell whether what they sent was done.
    """

    has_others = True  # whether there are other workers
    turn, since = -1, 0.0  # of the loop in which somebody waited last, and since when
    rest: Any = None  # a timer, while nobody is accepted for a moment
    rested = False

    @property
    def max_accept(self) -> int:
        """How many are accepted in this turn of the loop.

        All workers hear of somebody who waits, and one that is awake would take all who come
        together. So whoever has more connections lets the others go first.
        """
        if not self.has_others:
            return ACCEPTED
        has = len(self.pool or ())
        if has >= ACCEPTED:
            return self._accept_after_rest()
        now, turn = time.perf_counter(), self.loop.iteration
        if turn != self.turn + 1:
            self.since = now
        self.turn = turn
        if now - self.since < has * HESITATION:
            return 0
        self.since = now
        return 1

    @max_accept.setter
    def max_accept(self, value: int) -> None:
        """Take no other: gunicorn's 1 lets new clients wait for a turn of all others each."""

    def _accept_after_rest(self) -> int:
        if self.rested:
            self.rested = False
            return ACCEPTED
        self.stop_accepting()
        self.rest = self.loop.timer(REST)
        self.rest.start(self._go_on)
        return 0

    def _go_on(self) -> None:
        self.rested = True
        if self.started:
            self.start_accepting()

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


def _refusal(status: int, more: list[Header]) -> bytes:
    request_id, reason = secrets.token_hex(16), HTTPStatus(status).phrase
    detail = problems.UNREAD.get(status, problems.UNREAD_OTHERWISE)
    problem = problems.document(reason, status, detail, instance="", request_id=request_id)
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
        f"Content-Type: {problems.MEDIA_TYPE}\r\n{request_ids.HEADER}: {request_id}\r\n"
        f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n"
    )
    head += "".join(f"{name}: {value}\r\n" for name, value in more)
    return f"{head}\r\n".encode("latin1") + body


class _Request(origins.HeadKept):
    """A request of gunicorn's whose head is bounded as a whole, and the trailers of its body too.

    gunicorn lets each header be as long as the longest one may be, and reads them in a time that
    grows with the square of all.
    """

    @property
    def max_buffer_headers(self) -> int:
        return int(self.limit_request_field_size) + FURTHER_HEADERS

    @max_buffer_headers.setter
    def max_buffer_headers(self, value: int) -> None:
        """Take no other bound."""

    def _peer_is_trusted_proxy(self) -> bool:
        """Nobody is: what proxies say is for `TRUSTED_PROXIES` (see gunicorn.conf.py)."""
        return False


_date_of_second = lru_cache(maxsize=1)(util.http_date)


def _date(timestamp: float | None = None) -> str:
    """Return the time as a header has it (RFC 9110, section 5.6.7), made once each second."""
    return str(_date_of_second(int(time.time() if timestamp is None else timestamp)))


class _Response(wsgi.Response):
    """An answer whose head does not name the server, and goes with a short body."""

    sock: Any

    def default_headers(self) -> list[str]:
        lines: list[str] = super().default_headers()
        return [line for line in lines if not line.startswith("Server:")]

    def write(self, arg: bytes) -> None:
        """Send a part of the body."""
        if self.headers_sent or len(arg) > GATHERED:  # a copy of a long one would wait beside it
            super().write(arg)
            return
        with self.sock.gathered():
            super().write(arg)
