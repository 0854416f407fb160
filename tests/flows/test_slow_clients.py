"""Clients that send next to nothing, slowly, and hold their connections: the others are served."""

import socket
import statistics
import time
from contextlib import ExitStack
from threading import Event, Thread

import pytest

from tests.servers import new_user_id
from tests.waiting import PATIENCE

SLOW = 200
REQUESTS = 300


def ninety_nine_percent(service):
    """Return the time in which 99 of 100 requests of one honest client are answered, in seconds."""
    user_id = new_user_id()
    times = []
    with service.session(user_id) as session:
        for _ in range(REQUESTS):
            began = time.monotonic()
            assert session.get(f"{service.url}/api/{user_id}/tasks").ok
            times.append(time.monotonic() - began)
    return statistics.quantiles(times, n=100)[-1]


def drip(service, start: bytes, all_open: Event, stop: Event) -> None:
    """Open the connections anew whenever they are closed, and send a byte a second on each."""
    with ExitStack() as stack:
        clients: list[socket.socket | None] = [None] * SLOW
        while not stop.is_set():
            for number, client in enumerate(clients):
                try:
                    if client is None:
                        client = socket.create_connection(("127.0.0.1", service.port), timeout=5)
                        clients[number] = stack.enter_context(client)
                        client.sendall(start)
                    client.sendall(b"a")
                except OSError:
                    clients[number] = None
            if all(clients):
                all_open.set()
            stop.wait(1)


@pytest.mark.parametrize("part", ["head", "body"])
def test_honest_clients_are_served_beside_two_hundred_slow_ones(service, part):
    start = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
    if part == "body":
        start += b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    else:
        start += b"X-Slow: "
    normal = ninety_nine_percent(service)
    all_open, stop = Event(), Event()
    dripping = Thread(target=drip, args=(service, start, all_open, stop))
    dripping.start()
    try:
        assert all_open.wait(PATIENCE)
        besides = ninety_nine_percent(service)
    finally:
        stop.set()
        dripping.join()

    # Who is held up by them waits for seconds. The floor is what a busy machine adds by itself.
    assert besides < max(10 * normal, 1)
