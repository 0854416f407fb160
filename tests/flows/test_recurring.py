"""16 clients complete and flip one series of tasks while connections are killed.

There is one task for each number of the series, without a hole, and a copy made from the changes is
what the server has.
"""

import json
import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flows.test_killed_connections import all_tasks, send_and_hang_up, terminate_backends
from tests.servers import ForkedService, Service, new_user_id
from tests.waiting import PATIENCE

CLIENTS = 16
CHANGES = 40  # of each client
KILLED = 0.2  # of the requests
TERMINATED = 20  # connections to the database, one after each so many changes


@pytest.fixture
def busy(postgresql_url, tmp_path):
    with ForkedService(postgresql_url, tmp_path) as service:
        yield service


def test_there_is_one_task_for_each_number_of_a_series(busy):
    alice = new_user_id()
    path = f"/api/{alice}/tasks"
    over = threading.Event()
    statuses: list[int] = []
    with busy.session(alice) as session:
        body = {"title": "Water the plants", "recurrence": "daily", "due_date": "2031-01-01"}
        first = session.post(busy.url + path, json=body, timeout=PATIENCE).json()

    def change(client: int) -> int:
        chance, killed = random.Random(client), 0  # noqa: S311
        with busy.session(alice) as session:
            known = [first["id"]]
            for _ in range(CHANGES):
                # Mostly one of the newest, as people do.
                number = known[-1 - min(int(chance.expovariate(0.7)), len(known) - 1)]
                headers = {"Content-Type": "application/json"}
                body = chance.choice([{}, {"completed": True}, {"completed": True}])
                method, url = "PATCH", f"{path}/{number}/complete"
                if body and chance.random() < 0.3:
                    method, url = "PUT", f"{path}/{number}"
                if chance.random() < 0.7:
                    headers["Idempotency-Key"] = secrets.token_hex(16)
                data = json.dumps(body).encode()
                if chance.random() < KILLED:
                    token = {"Authorization": str(session.headers["Authorization"])}
                    send_and_hang_up(busy, url, headers | token, data, method)
                    killed += 1
                for _ in range(20):
                    answer = session.request(
                        method, busy.url + url, data=data, headers=headers, timeout=PATIENCE
                    )
                    statuses.append(answer.status_code)
                    if answer.status_code != 503:
                        break
                # One that was taken away again is a 404.
                assert answer.status_code in (200, 404), answer.text
                new = answer.json().get("next_task_id")
                if new and new not in known:
                    known.append(new)
        return killed

    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        terminator = pool.submit(
            terminate_backends, busy, statuses, over, CLIENTS * CHANGES // TERMINATED
        )
        try:
            killed = sum(pool.map(change, range(CLIENTS)))
        finally:
            over.set()
        assert terminator.result() > 5

    assert killed > CLIENTS * CHANGES * KILLED / 2
    tasks = sorted(all_tasks(busy, alice), key=lambda task: task["occurrence"])
    assert {task["series_id"] for task in tasks} == {first["series_id"]}
    assert [task["occurrence"] for task in tasks] == list(range(1, len(tasks) + 1))
    assert len(tasks) > 5
    due = [task["due_date"] for task in tasks]
    assert due == sorted(set(due))
    by_number = {task["occurrence"]: task for task in tasks}
    for task in tasks:
        new = by_number.get(task["occurrence"] + 1)
        assert task["next_task_id"] == (new and new["id"])
        assert new is not None or not task["completed"]
    assert replica(busy, alice) == {task["id"]: task for task in tasks}


def replica(service: Service, user_id: str) -> dict[int, dict[str, Any]]:
    """Return the tasks of a copy that is made from the changes, a few at a time."""
    copy: dict[int, dict[str, Any]] = {}
    with service.session(user_id) as session:
        url, more = f"/api/{user_id}/tasks/changes?since=0", True
        while more:
            page = session.get(f"{service.url}{url}&limit=7", timeout=PATIENCE).json()
            for task in page["changes"]:
                if task["deleted_at"]:
                    copy.pop(task["id"], None)
                else:
                    copy[task["id"]] = task
            url, more = page["next"], page["more"]
    return copy
