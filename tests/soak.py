"""A mixed load for a while, and attackers beside it: neither memory nor descriptors nor connections
grow, no worker is killed, and whoever is honest is served.

`python -m tests.soak [SECONDS]`: 900 seconds unless said otherwise, of which the first third is a
minute at least.
"""

import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests import attackers
from tests.servers import Postgres, Service, new_user_id

CLIENTS = 4
GROWTH = 1.1  # of the workers' memory, from the second third of the time to the last
WARM_UP = 60  # seconds at least, before memory is looked at: it rises while attackers come
ATTACKERS = 380  # connections


@dataclass
class Held:
    """What the service holds."""

    memory: float  # MB, resident, of all workers
    descriptors: int
    connections: int

    @classmethod
    def during(cls, service: Service, database_url: str, seconds: float) -> "Held":
        """Return what is held in so many seconds: attackers come and go.

        Of memory that is the median, since a large answer takes 100 MB for a moment; of the others
        the most.
        """
        end, held = time.monotonic() + seconds, []
        while time.monotonic() < end:
            held.append(cls.by(service, database_url))
            time.sleep(0.5)
        return cls(
            statistics.median(each.memory for each in held),
            max(each.descriptors for each in held),
            max(each.connections for each in held),
        )

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


def attack(service: Service) -> ExitStack:
    """Begin with all attacks, until the stack is closed."""
    greedy = new_user_id()
    with service.session(greedy) as session:
        for _ in range(30):
            body = {"title": "t", "description": "d" * 5000}
            session.post(f"{service.url}/api/{greedy}/tasks", json=body).raise_for_status()
    token = service.session(greedy).headers["Authorization"]
    tasks = attackers.head("GET", f"/api/{greedy}/tasks", f"Authorization: {token}")
    stack = ExitStack()
    for each in (
        attackers.pipelining(service, 2),
        attackers.pipelining(service, 1, "/health/ready"),
        attackers.stalled_bodies(service, 200),
        attackers.endless_bodies(service, 2),
        attackers.endless_heads(service, 2),
        attackers.unread_files(service, 100),
        attackers.unread_lists(service, 20, greedy),
        attackers.tag_collectors(service, 1, greedy),
        attackers.Attack(service, 50, over_and_over=tasks),  # as one user, more than fits
    ):
        stack.enter_context(each)
    return stack


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
        with attack(service):
            over.wait(max(WARM_UP, seconds / 3))  # until each attacker holds what it can
            warm = Held.during(service, postgres.url, seconds / 3)
            late = Held.during(service, postgres.url, seconds / 3)
            seen = attackers.honest(service)
        over.set()
        for client in clients:
            client.join()
        log = service.log.read_text()
    print(f"{sum(statuses.values())} requests: {dict(statuses)}")
    print(f"the second third: {warm}\nthe last third:   {late}\nan honest client: {seen}")
    if seen.failed or "WORKER TIMEOUT" in log:
        sys.exit("whoever is honest was not served, or a worker was killed")
    if not statuses.keys() <= {200, 201, 404}:  # a task that was deleted is not there
        sys.exit("some requests failed")
    if late.memory > warm.memory * GROWTH:
        sys.exit("memory has grown")
    if (
        late.descriptors > warm.descriptors + CLIENTS + ATTACKERS
        or late.connections > warm.connections + 1
    ):
        sys.exit("connections have grown")


if __name__ == "__main__":
    main()
