"""Long polls: a place is for whoever still waits, and no user has more than a few."""

import socket

import pytest

from tests.attackers import head
from tests.servers import ForkedService, new_user_id
from tests.waiting import PATIENCE, until

PLACES = 4


@pytest.fixture(scope="module")
def service(postgresql_url, tmp_path_factory):
    one = {"WEB_CONCURRENCY": "1", "WAITERS": str(PLACES)}
    with ForkedService(postgresql_url, tmp_path_factory.mktemp("waiting"), **one) as service:
        yield service


def wait(service, user_id):
    """Begin a long poll as this user, and return its connection."""
    token = service.session(user_id).headers["Authorization"]
    path = f"/api/{user_id}/tasks/changes?since=0&wait=30"
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
    connection.sendall(head("GET", path, f"Authorization: {token}"))
    return connection


def finds_a_place(service):
    """Tell whether somebody who asks now waits, for the least time that one may."""
    user_id = new_user_id()
    with service.session(user_id) as session:
        answer = session.get(f"{service.url}/api/{user_id}/tasks/changes?since=0&wait=1")
    assert answer.ok
    return "Retry-After" not in answer.headers


def test_a_place_is_given_back_when_the_client_hangs_up(service):
    waiting = []

    def all_taken():
        waiting.append(wait(service, new_user_id()))
        return not finds_a_place(service)

    until(all_taken, "all places are taken")

    for connection in waiting:
        connection.close()

    until(lambda: finds_a_place(service), "a place is free", seconds=20)  # of the 30 to wait


def test_whoever_sends_the_next_request_still_waits(service):
    with wait(service, new_user_id()) as waits:
        waits.sendall(head("GET", "/health"))
        waits.settimeout(2)

        with pytest.raises(TimeoutError):
            waits.recv(1)
