"""Workers that are killed while many write: what was acknowledged exists, once."""

import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import psutil
import pytest
import requests

from tests.servers import Service, create_until, new_user_id

WRITERS = 50
SECONDS = float(os.environ.get("KILLING_SECONDS", "30"))
DOWN = 2.0  # seconds after which it must answer again


@pytest.fixture
def service(postgresql_url, tmp_path):
    with Service(postgresql_url, tmp_path, WEB_CONCURRENCY="3") as service:
        yield service


def write(service, user_id, end) -> list[str]:
    session = service.session(user_id)
    return create_until(session, f"{service.url}/api/{user_id}/tasks", end, failing={503})


def kill(service, end, gaps) -> None:
    """Kill a worker from time to time, and note for how long nothing answers."""
    while not end.wait(1):
        random.choice(psutil.Process(service.process.pid).children()).kill()  # noqa: S311
        killed = time.monotonic()
        while True:
            try:
                requests.get(f"{service.url}/health", timeout=1)
                break
            except requests.RequestException:
                pass
        gaps.append(time.monotonic() - killed)


def test_every_acknowledged_task_exists_once(service):
    users = [new_user_id() for _ in range(WRITERS)]
    end, gaps = Event(), []
    killer = Thread(target=kill, args=(service, end, gaps))
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, service, user_id, end) for user_id in users]
        killer.start()
        time.sleep(SECONDS)
        end.set()
    killer.join()

    written = 0
    for user_id, titles in zip(users, (each.result() for each in writing), strict=True):
        stored = service.session(user_id).get(f"{service.url}/api/{user_id}/tasks").json()
        assert Counter(task["title"] for task in stored) == Counter(titles)
        written += len(titles)
    assert written > WRITERS
    assert gaps, "no worker was killed"
    assert max(gaps) < DOWN
