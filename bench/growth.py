"""Whether it stays as fast with more of everything: more tasks, and more workers.

`python -m bench.growth [--most N]`: p50 of single requests with 10,000, 1,000,000 and 10,000,000
tasks in the table, and requests per second with 1 to 4 workers. Adds to `bench/results.json`.
"""

import argparse
import json
import secrets
import tempfile
from typing import Any

import psycopg

from bench import run
from bench.run import RESULTS, Kind, Running

TASKS = (10_000, 1_000_000, 10_000_000)
EACH = 100  # tasks of a user
WORKERS = (1, 2, 3, 4)


def fill(url: str, first: int, last: int) -> None:
    """Store the users numbered from `first` up to `last`, with their tasks."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            "INSERT INTO users (id, created_at, revision) SELECT 'grown-' || n, now(), %s"
            " FROM generate_series(%s::int, %s::int) AS n",
            (EACH, first, last - 1),
        )
        connection.execute(
            "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at,"
            " revision) SELECT 'grown-' || u, 'Task ' || n, 'What there is to say about task '"
            " || n, false, now(), now(), n FROM generate_series(%s::int, %s::int) AS u,"
            " generate_series(1, %s) AS n",
            (first, last - 1, EACH),
        )
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def kinds_of(url: str, user: str) -> list[Kind]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT max(id) FROM tasks WHERE user_id = %s", (user,))
        ((task,),) = found.fetchall()
    tasks = f"/api/{user}/tasks"
    return [
        Kind("get", "GET", f"{tasks}/{task}", user),
        Kind("first page", "GET", f"{tasks}?limit=50", user),
        Kind("create", "POST", tasks, user, '{"title": "New"}', status=201),
    ]


def p50s(service: Running, kinds: list[Kind], secret: str) -> dict[str, float]:
    """Return the smallest of three medians for each kind, in milliseconds."""
    return {
        kind.name: min(
            service.measure(kind, run.token_of(kind, secret), 1, 2).p50 for _ in range(3)
        )
        for kind in kinds
    }


def by_tasks(url: str, secret: str, folder: str, most: int) -> dict[int, dict[str, float]]:
    service = Running("taskapp", url, secret, folder)
    service.start()
    found, stored = {}, 0
    try:
        for tasks in (tasks for tasks in TASKS if tasks <= most):
            fill(url, stored, tasks // EACH)
            stored = tasks // EACH
            user = f"grown-{stored // 2}"
            found[tasks] = p50s(service, kinds_of(url, user), secret)
            print(f"{tasks:>12,} tasks: {found[tasks]}", flush=True)
    finally:
        service.stop()
    return found


def by_workers(url: str, secret: str, folder: str) -> dict[int, dict[str, float]]:
    found = {}
    for workers in WORKERS:
        service = Running("taskapp", url, secret, folder)
        service.environ["WEB_CONCURRENCY"] = str(workers)
        service.start()
        try:
            found[workers] = {
                kind.name: service.measure(kind, run.token_of(kind, secret), 64, 3).rate
                for kind in kinds_of(url, "grown-10")
            }
        finally:
            service.stop()
        print(f"{workers} workers, requests/s: {found[workers]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=TASKS[-1], help="tasks at most")
    most = parser.parse_args().most
    secret = secrets.token_urlsafe(48)
    with run.database() as url, tempfile.TemporaryDirectory() as folder:
        run.load(url, 1)
        growth: dict[str, Any] = {
            "p50_ms_by_tasks": by_tasks(url, secret, folder, most),
            "rate_by_workers": by_workers(url, secret, folder),
        }
    smallest, largest = (list(growth["p50_ms_by_tasks"].values())[place] for place in (0, -1))
    growth["largest_to_smallest"] = {
        kind: round(largest[kind] / smallest[kind], 2) for kind in smallest
    }
    print(f"largest to smallest (target 1.3): {growth['largest_to_smallest']}")
    if most == TASKS[-1]:
        results = json.loads(RESULTS.read_text()) | {"growth": growth}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
