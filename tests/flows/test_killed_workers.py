"""Workers that are killed while many write: what was acknowledged exists, once."""

import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psutil
import pytest
import requests

from tests.servers import ForkedService, create_until, new_user_id
from tests.waiting import PATIENCE, until

WRITERS, WORKERS = 50, 3
KILLS = int(os.environ.get("KILLS", "4"))
DOWN = 30.0  # seconds after which it must answer again, on a busy machine


@pytest.fixture
def service(postgresql_url, tmp_path):
    with ForkedService(postgresql_url, tmp_path, WEB_CONCURRENCY=str(WORKERS)) as service:
        yield service


def write(service, user_id, end, answers) -> list[str]:
    with service.session(user_id) as session:
        session.hooks["response"].append(lambda answer, **_: answers.append(answer.status_code))
        return create_until(session, f"{service.url}/api/{user_id}/tasks", end, failing={503})


def kill(service, answers, gaps) -> None:
    """Kill one worker after the other, and note for how long nothing answers."""
    master = psutil.Process(service.process.pid)
    for _ in range(KILLS):
        # While all others are being answered.
        before = len(answers)
        until(lambda before=before: len(answers) > before + 3 * WRITERS)
        until(lambda: len(master.children()) == WORKERS)
        random.choice(master.children()).kill()  # noqa: S311
        killed = time.monotonic()
        while True:
            try:
                requests.get(f"{service.url}/health", timeout=5)
                break
            except requests.RequestException:
                pass
        gaps.append(time.monotonic() - killed)


def test_every_acknowledged_task_exists_once(service):
    users = [new_user_id() for _ in range(WRITERS)]
    end, answers, gaps = Event(), [], []
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, service, user_id, end, answers) for user_id in users]
        try:
            kill(service, answers, gaps)
        finally:
            end.set()

    written = 0
    for user_id, titles in zip(users, (each.result() for each in writing), strict=True):
        with service.session(user_id) as session:
            stored = session.get(f"{service.url}/api/{user_id}/tasks", timeout=PATIENCE).json()
        assert Counter(task["title"] for task in stored) == Counter(titles)
        written += len(titles)
    assert written > WRITERS
    assert max(gaps) < DOWN
