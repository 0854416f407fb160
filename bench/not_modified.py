"""CPU time of a list answered with 304 against one answered with 200, at 50 and at 1000 tasks.

`python -m bench.not_modified`: one worker on a PostgreSQL of its own; CPU time is that of the
service's processes, without the database and without this client.
"""

import statistics
import tempfile
from pathlib import Path

import psutil
import psycopg
import requests

from tests.servers import Postgres, Service, new_user_id

SIZES = (50, 1000)  # tasks of a user
ROUNDS = 5
REQUESTS = 200  # for each kind and round


def cpu_seconds(parent: int) -> float:
    """Return the CPU time of a process and its children, in seconds."""
    process = psutil.Process(parent)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def measure(
    service: Service, session: requests.Session, url: str, headers: dict[str, str]
) -> float:
    """Return the CPU time of one request, in microseconds."""
    status = 304 if headers else 200
    before = cpu_seconds(service.process.pid)
    for _ in range(REQUESTS):
        assert session.get(url, headers=headers, timeout=10).status_code == status
    return (cpu_seconds(service.process.pid) - before) / REQUESTS * 1e6


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres() as postgres,
        Service(postgres.url, Path(folder), WEB_CONCURRENCY="1") as service,
    ):
        kinds = {}
        for size in SIZES:
            user = new_user_id()
            session = service.session(user)
            url = f"{service.url}/api/{user}/tasks"
            assert session.post(url, json={"title": "first"}, timeout=10).ok
            with psycopg.connect(postgres.url) as connection:
                connection.execute(
                    "INSERT INTO tasks (user_id, title, description, completed, created_at,"
                    " updated_at, revision) SELECT %s, 'task ' || n, 'about task ' || n, false,"
                    " now(), now(), n FROM generate_series(1, %s) AS n",
                    (user, size - 1),
                )
            answer = session.get(url, timeout=10)
            assert len(answer.json()) == size
            for status, headers in ((200, {}), (304, {"If-None-Match": answer.headers["ETag"]})):
                kinds[size, status] = (session, url, headers)
        times: dict[tuple[int, int], list[float]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind, (session, url, headers) in kinds.items():
                times[kind].append(measure(service, session, url, headers))
    for size in SIZES:
        full, short = times[size, 200], times[size, 304]
        ratios = [b / a for a, b in zip(full, short, strict=True)]
        print(
            f"{size:5} tasks: 200 {statistics.median(full):6.0f} µs,"
            f" 304 {statistics.median(short):6.0f} µs,"
            f" ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
