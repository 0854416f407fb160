"""Clients that want to hold up all others: what they send, over how many connections."""

import contextlib
import math
import select
import socket
import statistics
import time
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

import requests

from tests.servers import Service, new_user_id
from tests.waiting import PATIENCE, until

SMALL = 4096  # bytes that are received before they are read


@dataclass
class Attack:
    """Connections, opened anew whenever they are closed, that send one thing first, and then go on.

    In a thread of its own, from entering to leaving the block.
    """

    service: Service
    connections: int
    first: bytes = b""
    over_and_over: bytes = b""
    reads: bool = True
    opened: int = 0
    _left: dict[int, memoryview] = field(default_factory=dict)
    _sockets: dict[int, socket.socket] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._poll, self._over, self._all_open = select.poll(), Event(), Event()
        self._thread = Thread(target=self._run)
        self._thread.start()
        assert self._all_open.wait(PATIENCE)
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        for connection in self._sockets.values():
            connection.close()

    def _run(self) -> None:
        while not self._over.is_set():
            if len(self._sockets) < self.connections:
                self._open()
            else:
                self._all_open.set()
            for number, events in self._poll.poll(0 if not self._all_open.is_set() else 20):
                try:
                    self._go_on(number, events)
                except OSError:
                    self._poll.unregister(number)
                    self._sockets.pop(number).close()

    def _open(self) -> None:
        connection = socket.socket()
        if not self.reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        connection.settimeout(5)
        try:
            connection.connect(("127.0.0.1", self.service.port))
        except OSError:
            connection.close()
            return
        connection.setblocking(False)
        number = connection.fileno()
        self._sockets[number], self._left[number] = connection, memoryview(self.first)
        self._poll.register(number, self._wanted(number))
        self.opened += 1

    def _wanted(self, number: int) -> int:
        writes = self._left[number] or self.over_and_over
        return (select.POLLIN if self.reads else 0) | (select.POLLOUT if writes else 0)

    def _go_on(self, number: int, events: int) -> None:
        connection = self._sockets[number]
        if events & ~(select.POLLIN | select.POLLOUT):
            raise ConnectionResetError
        if events & select.POLLIN and not connection.recv(2**20):
            raise ConnectionResetError
        if events & select.POLLOUT:
            left = self._left[number] or memoryview(self.over_and_over)
            with contextlib.suppress(BlockingIOError):
                left = left[connection.send(left) :]
            self._left[number] = left
            self._poll.modify(number, self._wanted(number))


def head(method: str, path: str, *headers: str) -> bytes:
    """Return a request's head."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def pipelining(service: Service, connections: int, path: str = "/health") -> Attack:
    """Requests that come faster than they can be answered."""
    return Attack(service, connections, over_and_over=head("GET", path) * 400)


def stalled_bodies(service: Service, connections: int) -> Attack:
    """Bodies that are far too long, and never come."""
    login = head(
        "POST", "/api/auth/login", "Content-Type: application/json", "Content-Length: 9999999"
    )
    return Attack(service, connections, login)


def endless_bodies(service: Service, connections: int) -> Attack:
    """Bodies without an end, where nobody wants one."""
    task = head("POST", "/api/alice/tasks", f"Content-Length: {10**12}")
    return Attack(service, connections, task, b"x" * 2**16)


def endless_heads(service: Service, connections: int) -> Attack:
    """Headers as long as one may be, and never a last one."""
    line = b"A: " + b"a" * 31_000 + b"\r\n"
    return Attack(service, connections, b"GET / HTTP/1.1\r\n", line)


def unread_files(service: Service, connections: int) -> Attack:
    """Answers that are long, and that nobody takes."""
    file = head("GET", "/docs/swagger-ui-bundle.js")
    return Attack(service, connections, file * 8, reads=False)


def unread_lists(service: Service, connections: int, user_id: str) -> Attack:
    """The same, of a user's own tasks."""
    token = service.session(user_id).headers["Authorization"]
    tasks = head("GET", f"/api/{user_id}/tasks", f"Authorization: {token}")
    return Attack(service, connections, tasks * 8, reads=False)


def tag_collectors(service: Service, connections: int, user_id: str) -> Attack:
    """Preconditions of as many tags as fit into a request's head, one request after the other."""
    token = service.session(user_id).headers["Authorization"]
    tags = [",".join(f'"{number}"' for number in range(n * 3500, (n + 1) * 3500)) for n in range(3)]
    change = head(
        *("DELETE", f"/api/{user_id}/tasks/1", f"Authorization: {token}"),
        *(f"If-Match: {each}" for each in tags),
    )
    return Attack(service, connections, over_and_over=change)


@dataclass
class Honest:
    """What somebody sees who asks for tasks all the while."""

    times: list[float]  # seconds that a request took, each on a connection that is kept
    connecting: list[float]  # the same, on a new connection each
    failed: int

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1]

    @property
    def longest(self) -> float:
        return max(self.times + self.connecting, default=math.inf)

    def __str__(self) -> str:
        new = f"{max(self.connecting) * 1000:.0f} ms at most on a new connection"
        return f"p95 {self.p95 * 1000:.0f} ms, {new}, {self.failed} failed"


def honest(service: Service, count: int = 60) -> Honest:
    """Ask for one's own tasks, over and over, and then over new connections."""
    seen = Honest([], [], 0)
    user_id = new_user_id()
    with service.session(user_id) as session:
        for number in range(count):
            began = time.monotonic()
            new = number % 6 == 5
            with contextlib.nullcontext(session) if not new else service.session(user_id) as asks:
                try:
                    answer = asks.get(f"{service.url}/api/{user_id}/tasks", timeout=PATIENCE)
                    seen.failed += not answer.ok
                except requests.RequestException:
                    seen.failed += 1
            (seen.connecting if new else seen.times).append(time.monotonic() - began)
    return seen


def until_it_goes_on(attack: Attack, count: int = 1) -> None:
    """Wait until the service has ended so many connections of the attack."""
    before = attack.opened
    until(lambda: attack.opened >= before + count, "an end of what holds a connection")
