"""Connections are killed after a request was sent, the clients' and those to the database.

Each request is retried with its key: every task exists exactly once, and whoever polls for
changes misses nothing.
"""

import json
import random
import secrets
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.chance import some
from tests.servers import ForkedService, Service, new_user_id
from tests.waiting import PATIENCE, until

CLIENTS = 8
WRITES = some(160)  # for each client
KILLED = 0.2  # of the requests
TERMINATED = 20  # connections to the database, one after each so many writes


@pytest.fixture
def busy(postgresql_url, tmp_path):
    with ForkedService(postgresql_url, tmp_path) as service:
        yield service


def send_and_hang_up(
    service: Service, path: str, headers: dict[str, str], body: bytes, method: str = "POST"
) -> None:
    """Send a request and close the connection at once, before or while it is answered."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
        # Closing with a reset: the server finds nobody to answer to.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def terminate_backends(
    service: Service, statuses: list[int], over: threading.Event, each: int
) -> int:
    """End a connection to the database after `each` answers, until it is over; return how many."""
    with psycopg.connect(service.environ["DATABASE_URL"], autocommit=True) as admin:
        terminated = 0
        while not over.is_set():
            enough = len(statuses) + each
            until(lambda enough=enough: over.is_set() or len(statuses) >= enough)
            terminated += admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'taskapp' AND datname = current_database()"
                " ORDER BY random() LIMIT 1"
            ).rowcount
        return terminated


def test_every_write_happens_once_and_a_reader_misses_none(busy):
    alice = new_user_id()
    path = f"/api/{alice}/tasks"
    written = threading.Event()
    seen: list[dict[str, Any]] = []
    statuses: list[int] = []  # of all answers to writes

    def read_changes() -> None:
        with busy.session(alice) as session:
            url, over = f"{path}/changes?since=0&limit=100", False
            while True:
                over = written.is_set()  # before the last look, not after it
                answer = session.get(f"{busy.url}{url}", timeout=PATIENCE)
                if answer.status_code == 503:
                    continue
                assert answer.status_code == 200, answer.text
                page = answer.json()
                seen.extend(page["changes"])
                url = page["next"] + "&limit=100"
                written.wait(0.05)
                if over and not page["more"]:
                    return

    def write(client: int) -> int:
        chance, killed = random.Random(client), 0  # noqa: S311
        with busy.session(alice) as session:
            for number in range(WRITES):
                body = json.dumps({"title": f"{client}-{number}"}).encode()
                headers = {
                    "Content-Type": "application/json",
                    "Idempotency-Key": secrets.token_hex(16),
                }
                if chance.random() < KILLED:
                    token = {"Authorization": str(session.headers["Authorization"])}
                    send_and_hang_up(busy, path, headers | token, body)
                    killed += 1
                for _ in range(20):
                    url = f"{busy.url}{path}"
                    answer = session.post(url, data=body, headers=headers, timeout=PATIENCE)
                    statuses.append(answer.status_code)
                    if answer.status_code != 503:
                        break
                assert answer.status_code == 201, answer.text
        return killed

    with ThreadPoolExecutor(CLIENTS + 2) as pool:
        reader = pool.submit(read_changes)
        terminator = pool.submit(
            terminate_backends, busy, statuses, written, CLIENTS * WRITES // TERMINATED
        )
        try:
            killed = sum(pool.map(write, range(CLIENTS)))
        finally:
            written.set()
        reader.result()
        assert terminator.result() > 5

    expected = {f"{client}-{number}" for client in range(CLIENTS) for number in range(WRITES)}
    assert killed > CLIENTS * WRITES * KILLED / 2
    tasks = all_tasks(busy, alice)
    assert len(tasks) == len(expected)
    assert {task["title"] for task in tasks} == expected
    revisions = [task["revision"] for task in seen]
    assert revisions == sorted(set(revisions))
    assert sorted(task["id"] for task in seen) == sorted(task["id"] for task in tasks)


def all_tasks(service: Service, user_id: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []
    with service.session(user_id) as session:
        url: str | None = f"/api/{user_id}/tasks"
        while url:
            answer = session.get(service.url + url, timeout=PATIENCE)
            tasks += answer.json()
            url = answer.links.get("next", {}).get("url")
    return tasks
