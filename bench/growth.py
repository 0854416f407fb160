"""Whether it stays as fast with more of everything: more tasks, and more workers.

`python -m bench.growth [--most N]`: p50 of single requests with 10,000, 1,000,000 and 10,000,000
tasks in the table, also for somebody who has 100,000; requests per second with 1 to 4 workers; what
a task takes on disk, and what each index costs a write. Adds to `bench/results.json`.
"""

import argparse
import json
import secrets
import statistics
import tempfile
import time
from typing import Any

import psycopg

from bench import run
from bench.run import RESULTS, Kind, Running

TASKS = (10_000, 1_000_000, 10_000_000)
EACH = 100  # tasks of a user
WORKERS = (1, 2, 3, 4)
LARGE = 100_000  # tasks of one user
WRITES, RUNS = 20_000, 5  # rows of one statement, whose median counts
# Every field, a due date in three of four tasks, and the text as a service of its kind has it.
TASKS_OF = (
    "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at, revision,"
    " priority, category, folded_category, tags, folded_tags, due_at, due_date)"
    " SELECT {owner}, 'Task ' || n, 'What there is to say about task ' || n, false, now(), now(),"
    " {first} + n, (ARRAY['low', 'medium', 'high'])[1 + n % 3],"
    " (ARRAY['Work', 'Home', NULL])[1 + n % 3], (ARRAY['work', 'home', NULL])[1 + n % 3],"
    " ARRAY[(ARRAY['errands', 'phone'])[1 + n % 2]],"
    " E'\\x1f' || (ARRAY['errands', 'phone'])[1 + n % 2] || E'\\x1f',"
    " CASE WHEN n % 4 > 0 THEN timestamptz '2026-01-01 00:00Z' END,"
    " CASE WHEN n % 4 > 0 THEN '2026-01-01T00:00' END FROM {rows}"
)


def fill(url: str, first: int, last: int) -> None:
    """Store the users numbered from `first` up to `last`, with their tasks."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            "INSERT INTO users (id, created_at, revision) SELECT 'grown-' || n, now(), %s"
            " FROM generate_series(%s::int, %s::int) AS n",
            (EACH, first, last - 1),
        )
        rows = f"generate_series({first}, {last - 1}) AS u, generate_series(1, {EACH}) AS n"
        connection.execute(TASKS_OF.format(owner="'grown-' || u", first=0, rows=rows))
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def fill_large(url: str) -> None:
    """Store one user with very many tasks."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (id, created_at, revision) VALUES ('large', now(), %s)", (LARGE,)
        )
        rows = f"generate_series(1, {LARGE}) AS n"
        connection.execute(TASKS_OF.format(owner="'large'", first=0, rows=rows))
        connection.execute("VACUUM ANALYZE tasks")


def of_large(url: str, secret: str, folder: str) -> dict[str, float]:
    """Return the medians of somebody who has very many tasks, in milliseconds."""
    fill_large(url)
    service = Running("taskapp", url, secret, folder)
    service.environ["MAX_TASKS_PER_USER"] = str(10 * LARGE)
    service.start()
    try:
        found = p50s(service, kinds_of(url, "large"), secret)
    finally:
        service.stop()
    print(f"of somebody with {LARGE:,} tasks: {found}", flush=True)
    return found


def bytes_of_task(url: str) -> dict[str, float]:
    """Return what a task takes on disk: in all, in the table, and in each index by its name."""
    with psycopg.connect(url) as connection:
        ((count, whole, table),) = connection.execute(
            "SELECT count(*), pg_total_relation_size('tasks'), pg_table_size('tasks') FROM tasks"
        ).fetchall()
        indexes = connection.execute(
            "SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index"
            " WHERE indrelid = 'tasks'::regclass ORDER BY 1"
        ).fetchall()
    sizes = {"in all": whole, "table": table, **dict(indexes)}
    found = {name: round(size / count, 1) for name, size in sizes.items()}
    print(f"bytes of a task on disk: {found}", flush=True)
    return found


def seconds_of_writes(connection: psycopg.Connection[Any]) -> tuple[float, float]:
    """Return what inserts and then updates of the same rows take, which are rolled back."""
    began = time.perf_counter()
    rows = f"generate_series(1, {WRITES}) AS n"
    connection.execute(TASKS_OF.format(owner="'large'", first=2 * LARGE, rows=rows))
    inserted = time.perf_counter()
    connection.execute(
        "UPDATE tasks SET completed = true, revision = revision + %s"
        " WHERE user_id = 'large' AND revision > %s",
        (WRITES, 2 * LARGE),
    )
    return inserted - began, time.perf_counter() - inserted


def writes_without(url: str, index: str | None) -> tuple[float, float]:
    """Return what inserts and updates take with this index dropped; all is rolled back."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM tasks")  # what was rolled back before
    with psycopg.connect(url) as connection:
        if index:
            connection.execute(f"DROP INDEX {index}")
        taken = seconds_of_writes(connection)
        connection.rollback()
    return taken


def cost_of_indexes(url: str) -> dict[str, dict[str, float]]:
    """Return what the writes take with all indexes, and without each of the secondary ones."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid = 'tasks'::regclass AND NOT indisprimary ORDER BY 1"
        ).fetchall()
    cases = [None, *(name for (name,) in names)]
    writes_without(url, None)
    # In turn, so that a slow minute hurts all of them alike.
    rounds = [[writes_without(url, index) for index in cases] for _ in range(RUNS)]
    found = {}
    for index, taken in zip(cases, zip(*rounds, strict=True), strict=True):
        medians = [round(statistics.median(times) * 1000, 1) for times in zip(*taken, strict=True)]
        found[f"without {index}" if index else "all"] = dict(
            zip(("insert", "update"), medians, strict=True)
        )
    for what, medians_of in found.items():
        print(f"{WRITES:,} writes in ms, {what}: {medians_of}", flush=True)
    return found


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
            "bytes_of_task": bytes_of_task(url),
            "p50_ms_of_large": of_large(url, secret, folder),
            "ms_of_writes": cost_of_indexes(url),
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
