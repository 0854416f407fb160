"""A mixed load for a while: neither memory nor descriptors nor connections grow.

`python -m tests.soak [SECONDS]`: 900 seconds unless said otherwise.
"""

import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.servers import Postgres, Service, new_user_id

CLIENTS = 8
GROWTH = 1.05  # of the workers' memory, after a third of the time


@dataclass
class Held:
    """What the service holds."""

    memory: float  # MB, resident, of all workers
    descriptors: int
    connections: int

    @classmethod
    def by(cls, service: Service, database_url: str) -> "Held":
        workers = psutil.Process(service.process.pid).children()
        with psycopg.connect(database_url) as admin:
            found = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'taskapp%'"
            ).fetchall()
        return cls(
            sum(worker.memory_info().rss for worker in workers) / 1e6,
            sum(worker.num_fds() for worker in workers),
            found[0][0],
        )


# What frontends do, and how often of 20 times.
REQUESTS = [
    *[("GET", "")] * 6,
    *[("POST", "")] * 4,
    *[("PATCH", "/{id}/complete")] * 4,
    *[("PUT", "/{id}")] * 2,
    *[("GET", "/changes?since=0")] * 2,
    ("GET", "/{id}"),
    ("DELETE", "/{id}?permanent=true"),
]


def use(service: Service, over: threading.Event, statuses: Counter[int], seed: int) -> None:
    """Send such requests as one user, over a new connection from time to time."""
    chance, user_id = random.Random(seed), new_user_id()  # noqa: S311
    tasks, newest = f"{service.url}/api/{user_id}/tasks", 1
    while not over.is_set():
        with service.session(user_id) as session:
            for _ in range(200):
                method, path = chance.choice(REQUESTS)
                body = (
                    {"title": "t" * chance.randint(1, 255)} if method in ("POST", "PUT") else None
                )
                answer = session.request(method, tasks + path.format(id=newest), json=body)
                statuses[answer.status_code] += 1
                if answer.status_code == 201:
                    newest = answer.json()["id"]
                if over.is_set():
                    return


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 900.0
    over, statuses = threading.Event(), Counter[int]()
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres() as postgres,
        Service(postgres.url, Path(folder), LOG_LEVEL="WARNING") as service,
    ):
        clients = [
            threading.Thread(target=use, args=(service, over, statuses, seed))
            for seed in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        time.sleep(seconds / 3)
        warm = Held.by(service, postgres.url)
        time.sleep(seconds * 2 / 3)
        late = Held.by(service, postgres.url)
        over.set()
        for client in clients:
            client.join()
    print(f"{sum(statuses.values())} requests in {seconds:.0f} s: {dict(statuses)}")
    print(f"after a third: {warm}\nat the end:    {late}")
    if not statuses.keys() <= {200, 201, 404}:  # a task that was deleted is not there
        sys.exit("some requests failed")
    if late.memory > warm.memory * GROWTH:
        sys.exit("memory has grown")
    if late.descriptors > warm.descriptors + CLIENTS or late.connections > warm.connections + 1:
        sys.exit("descriptors or connections have grown")


if __name__ == "__main__":
    main()
