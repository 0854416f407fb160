"""What one connection of a client may hold, and for how long: a turn, memory, a place."""

import contextlib
import errno
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import gevent
from gevent.lock import BoundedSemaphore
from gunicorn.http.errors import ParseException

from taskapp import cooperation

PIECE = 65_536  # bytes that are read or sent at a time
SKIPPED = 2**20  # bytes that are read of a body that nobody wants
SKIPPING = 1.0  # seconds for them
STALLED = 10.0  # seconds in which a client takes nothing of its answer
SLOWEST = 16_384  # bytes that it takes in a second, or it is too slow
UNSENT = 2**26  # bytes of answers that a process keeps for clients that have yet to take them
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is unsent goes with the connection


class Client:
    """A client's socket, as gunicorn uses one."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._loop = gevent.get_hub().loop
        self._served_in = -1  # which iteration of the loop
        self._gathered: list[bytes] | None = None  # while what is to be sent is gathered
        self.recv = connection.recv

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def give_way(self) -> None:
        """Let others go on, if they could not since this client's last request.

        Whoever sends the next request before the last one is answered never has to be waited for.
        """
        if self._served_in == self._loop.iteration:
            _wait_for_others()
        self._served_in = self._loop.iteration

    def send(self, data: bytes) -> int:
        """Send all of it."""
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send all of it; BrokenPipeError, and the connection is reset, if it is not taken."""
        if self._gathered is None:
            self._send(data, _end_of(len(data)))
        else:
            self._gathered.append(data)

    @contextlib.contextmanager
    def gathered(self) -> Iterator[None]:
        """Send what is sent inside the block at its end, by one system call and in one packet."""
        parts: list[bytes] = []
        self._gathered = parts
        try:
            yield
        finally:
            self._gathered = None
            self.sendall(b"".join(parts))

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send this part of a file as `sendall` does, of which no more than a piece is kept."""
        file.seek(offset)
        end = _end_of(count)
        while piece := file.read(min(count, PIECE)):
            self._send(piece, end)
            count -= len(piece)

    def finish(self, body: Any) -> bool:
        """Read what nobody has read of gunicorn's body; False if no request can follow it.

        A connection that is closed while the client still sends is reset, and the answer lost.
        """
        # The rest of most requests is nothing, and that is known without looking at the clock.
        if getattr(body.reader, "length", None) == 0:
            return True
        if body.failed:  # who knows where it ends
            self.end()
            return False
        return _skipped(body.read)

    def end(self) -> None:
        """Say that nothing follows, and let the client finish what it sends."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            _skipped(self.recv)

    def give_up(self) -> None:
        """End the connection at once, and whatever waits for it."""
        with contextlib.suppress(OSError):
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._connection.shutdown(socket.SHUT_RDWR)

    def _send(self, data: bytes, end: float) -> None:
        try:
            sent = self._connection.send(data, 0, 0.0)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            with unsent.kept(self, len(data)):
                self._send_rest(memoryview(data)[sent:], end)

    def _send_rest(self, rest: memoryview, end: float) -> None:
        try:
            while rest and (left := end - time.monotonic()) > 0:
                self._connection.settimeout(min(left, STALLED))
                rest = rest[self._connection.send(rest) :]
            self._connection.settimeout(None)
        except TimeoutError:
            pass
        if rest:
            self.give_up()
            raise BrokenPipeError(errno.EPIPE, "the client takes nothing")


_ahead = BoundedSemaphore()


def _wait_for_others() -> None:
    """Let the loop go round; of those who never have to be waited for, one each time."""
    with _ahead:
        cooperation.look_around()


def _end_of(size: int) -> float:
    """Return when an answer of so many bytes must have been taken."""
    return time.monotonic() + STALLED + size / SLOWEST


def _skipped(read: Callable[[int], bytes]) -> bool:
    """Read on, within bounds; False if the end did not come."""
    left = SKIPPED
    in_time: Any = gevent.Timeout(SKIPPING, False)  # type: ignore[arg-type]
    with contextlib.suppress(ParseException, OSError), in_time:
        while left > 0:
            piece = read(min(left, PIECE))
            if not piece:
                return True
            left -= len(piece)
            _wait_for_others()
    return False


class Unsent:
    """The answers that a process keeps until their clients take them, oldest first."""

    def __init__(self) -> None:
        self._kept: dict[Client, int] = {}

    @contextlib.contextmanager
    def kept(self, client: Client, size: int) -> Iterator[None]:
        """Keep so many bytes for the client; whoever takes longest makes room for the others."""
        self._kept[client] = size
        while sum(self._kept.values()) > UNSENT and len(self._kept) > 1:
            longest = next(iter(self._kept))
            del self._kept[longest]
            longest.give_up()
        try:
            yield
        finally:
            self._kept.pop(client, None)


unsent = Unsent()
