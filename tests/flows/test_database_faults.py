"""PostgreSQL fails in many ways under load: 503 in time, nothing acknowledged lost, recovery."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.chance import some
from tests.servers import ForkedService, Postgres, new_user_id
from tests.waiting import PATIENCE, until

WRITERS = 8
TIMEOUT = 2  # seconds: DATABASE_TIMEOUT
# A turn at the database, a connection and a statement may each take the whole time, and all of it
# longer on a busy machine. Without a bound of its own a request would wait for the fault's end,
# which waits for the answers.
BOUND = 15 * TIMEOUT
WORKERS, POOL = 2, 4

Come = Callable[[int, int], None]  # waits until so many more answers of a status have come


def kill(postgres: Postgres, come: Come) -> None:
    pid = int((Path(postgres.folder) / "postmaster.pid").read_text().split()[0])
    backends = psutil.Process(pid).children()
    os.kill(pid, signal.SIGKILL)
    come(503, 10 * WRITERS)
    # While one of its processes holds the shared memory, no other server starts on the folder.
    psutil.wait_procs(backends, PATIENCE)
    postgres.start()


def stop(postgres: Postgres, come: Come) -> None:
    postgres.stop()
    come(503, 20 * WRITERS)
    postgres.start()


def terminate_connections(postgres: Postgres, come: Come) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        for _ in range(some(60)):
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'taskapp' ORDER BY random() LIMIT 1"
            )
            come(201, 2 * WRITERS)


def read_only(postgres: Postgres, come: Come) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        for value, status in (("on", 503), ("off", 201)):
            admin.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            admin.execute("SELECT pg_reload_conf()")
            come(status, 20 * WRITERS)


def lock(postgres: Postgres, come: Come) -> None:
    with psycopg.connect(postgres.url) as other:
        other.execute("LOCK TABLE tasks")
        come(503, 2 * WRITERS)


@pytest.mark.parametrize("fault", [kill, stop, terminate_connections, read_only, lock])
def test_a_fault_gives_503_in_time_and_loses_nothing(postgres, tmp_path, fault):
    users = [new_user_id() for _ in range(WRITERS)]
    statuses: Counter[int] = Counter()
    slowest, kept = [0.0], {user_id: set() for user_id in users}
    over = threading.Event()
    settings = {"DATABASE_TIMEOUT": str(TIMEOUT), "WEB_CONCURRENCY": str(WORKERS)}
    with ForkedService(postgres.url, tmp_path, **settings, DATABASE_POOL_SIZE=str(POOL)) as service:

        def write(user_id: str) -> None:
            with service.session(user_id) as session:
                while not over.wait(0.02):
                    began = time.monotonic()
                    answer = session.post(
                        f"{service.url}/api/{user_id}/tasks", json={"title": "t"}, timeout=PATIENCE
                    )
                    slowest[0] = max(slowest[0], time.monotonic() - began)
                    statuses[answer.status_code] += 1
                    if answer.status_code == 201:
                        kept[user_id].add(answer.json()["id"])

        def come(status: int, count: int) -> None:
            enough = statuses[status] + count
            until(lambda: statuses[status] >= enough, f"{count} answers {status}")

        writers = [threading.Thread(target=write, args=(user_id,)) for user_id in users]
        for writer in writers:
            writer.start()
        try:
            come(201, 10 * WRITERS)
            fault(postgres, come)
            service.wait()
            come(201, 10 * WRITERS)  # recovered
        finally:
            over.set()
            for writer in writers:
                writer.join()

        assert statuses.keys() <= {201, 503}, statuses
        assert slowest[0] < BOUND
        with psycopg.connect(postgres.url) as admin:
            for user_id, ids in kept.items():
                found = admin.execute("SELECT id FROM tasks WHERE user_id = %s", (user_id,))
                assert ids <= {task for (task,) in found}
            held = admin.execute(
                "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity"
                " WHERE application_name = 'taskapp'"
            ).fetchall()
    ((connections, busy),) = held
    assert connections <= WORKERS * POOL
    assert busy == 0
