"""PostgreSQL goes away under load and comes back: 503 meanwhile, and recovery by itself."""

import threading
import time
from collections import Counter

import psutil
import psycopg
import requests

from tests.problems import assert_problem
from tests.servers import ForkedService, new_user_id
from tests.waiting import PATIENCE, until

WRITERS = 8


def test_a_stopped_database_gives_only_503_and_recovers_without_a_restart(postgres, tmp_path):
    alice = new_user_id()
    answers: list[requests.Response] = []
    over = threading.Event()
    with ForkedService(postgres.url, tmp_path, DATABASE_TIMEOUT="2") as service:
        tasks = f"{service.url}/api/{alice}/tasks"

        def create_tasks() -> None:
            with service.session(alice) as session:
                while not over.wait(0.01):
                    answers.append(session.post(tasks, json={"title": "t"}, timeout=PATIENCE))

        def come(status: int, count: int) -> None:
            """Wait until so many more such answers have come."""
            seen = len(answers)
            until(lambda: [a.status_code for a in answers[seen:]].count(status) >= count)

        threads = [threading.Thread(target=create_tasks) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            come(201, 10 * WRITERS)
            postgres.stop()
            come(503, 10 * WRITERS)
            postgres.start()
            back = time.monotonic()
            service.wait()
            recovery = time.monotonic() - back
            come(201, 10 * WRITERS)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        with psycopg.connect(postgres.url) as connection:
            (kept,) = connection.execute("SELECT count(*) FROM tasks").fetchone() or (0,)

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() == {201, 503}, statuses
    for answer in answers:
        if answer.status_code == 503:
            assert_problem(answer, 503, names="try again")
    assert answers[-1].status_code == 201
    assert recovery < 30
    assert kept >= statuses[201]


def test_connections_that_the_server_closed_are_not_used_again(postgres, tmp_path):
    alice = new_user_id()
    with ForkedService(postgres.url, tmp_path) as service:
        tasks = f"{service.url}/api/{alice}/tasks"
        with service.session(alice) as session:
            for _ in range(20):
                assert session.post(tasks, json={"title": "t"}, timeout=PATIENCE).status_code == 201
            with psycopg.connect(postgres.url, autocommit=True) as admin:
                ended = admin.execute(
                    "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'taskapp'"
                ).fetchall()
            assert ended
            until(lambda: not any(psutil.pid_exists(pid) for pid, _ in ended))

            answers = [session.get(tasks, timeout=PATIENCE).status_code for _ in range(20)]

    assert answers == [200] * 20


def test_a_lock_that_is_held_too_long_is_a_503(postgres, tmp_path):
    alice = new_user_id()
    with ForkedService(postgres.url, tmp_path, DATABASE_TIMEOUT="1") as service:
        tasks = f"{service.url}/api/{alice}/tasks"
        with psycopg.connect(postgres.url) as other, service.session(alice) as session:
            other.execute("LOCK TABLE tasks")
            assert_problem(session.get(tasks, timeout=PATIENCE / 4), 503)
            other.rollback()

            assert session.get(tasks, timeout=PATIENCE).status_code == 200
