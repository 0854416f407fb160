"""KEEP_ALIVE: how long a connection is kept between two requests, and what it leaves as it was."""

import signal
import socket
import time

import pytest

from taskapp.serving import idle
from tests.servers import ForkedService, Service
from tests.waiting import PATIENCE

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    url = f"sqlite:///{folder}/tasks.db"
    with ForkedService(url, folder, KEEP_ALIVE="600", WEB_CONCURRENCY="1") as service:
        yield service


def connect(service):
    return socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)


def ask(client):
    client.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"}"):
        piece = client.recv(65_536)
        assert piece, answer
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200"), answer


def test_a_connection_is_kept_longer_than_a_request_head_may_take(service):
    with connect(service) as client:
        ask(client)
        time.sleep(idle.HEAD + 2)  # nothing can be waited for: that nothing happens is the point

        ask(client)


def test_requests_that_come_together_are_answered(service):
    with connect(service) as client:
        client.sendall(REQUEST * 3)
        answers = b""
        while answers.count(b"}") < 3:
            piece = client.recv(65_536)
            assert piece
            answers += piece
    assert answers.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize("before", [0, 1], ids=["first", "second"])
def test_a_slow_head_ends_the_connection_all_the_same(service, before):
    with connect(service) as client:
        for _ in range(before):
            ask(client)
        client.sendall(REQUEST[:20])
        began = time.monotonic()

        assert client.recv(65_536) == b""

    assert time.monotonic() - began < 600 / 2


def test_idle_connections_do_not_hold_up_the_end(tmp_path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    service = Service(url, tmp_path, KEEP_ALIVE="600", WEB_CONCURRENCY="1")
    with service, connect(service) as client:
        ask(client)
        service.end(signal.SIGTERM)

        assert client.recv(65_536) == b""

    assert "graceful timeout" not in service.log.read_text()
