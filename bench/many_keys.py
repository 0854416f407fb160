"""Whether a purge, or an export, of very many idempotency keys holds up anybody.

`python -m bench.many_keys [--expired N] [--kept N]`: on PostgreSQL, with one worker. Says what each
took and the memory that it needed, and what an honest client saw before and meanwhile.
"""

import argparse
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

from bench.run import database
from tests.attackers import Honest, honest
from tests.servers import BIN, Service, new_user_id

KEYS = (
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at, status, headers, body)"
    " SELECT {owner}, 'key-' || n, md5(n::text), now() - %s::interval, 201,"
    " '{{\"ETag\": \"1\"}}', repeat('x', 300) FROM generate_series(1, %s) AS n"
)
OWNERS = 1000


def fill(url: str, user_id: str, expired: int, kept: int) -> None:
    """Store expired keys of a thousand users, and keys of one that are to be exported."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            "INSERT INTO users (id, created_at, revision)"
            " SELECT 'owner-' || n, now(), 0 FROM generate_series(0, %s) AS n",
            (OWNERS - 1,),
        )
        some = KEYS.format(owner=f"'owner-' || n %% {OWNERS}")
        connection.execute(some, ("10 days", expired))
        connection.execute(KEYS.format(owner=f"'{user_id}'"), ("1 minute", kept))
        connection.execute("VACUUM ANALYZE")


class Beside:
    """Some work in a thread, and the most memory that its process holds meanwhile."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work)
        self._began, self.seconds, self.most = time.monotonic(), 0.0, 0

    def watch(self, process: psutil.Process) -> None:
        """Run it; bytes and seconds are known at its end."""
        self._thread.start()
        while self._thread.is_alive():
            self.most = max(self.most, process.memory_info().rss)
            self.seconds = time.monotonic() - self._began
            self._thread.join(0.05)


def exported(service: Service, user_id: str) -> int:
    """Return how many bytes an export of this user has."""
    with service.session(user_id) as session:
        address = f"{service.url}/api/{user_id}/export"
        with session.get(address, stream=True, timeout=600) as answer:
            answer.raise_for_status()
            return sum(len(piece) for piece in answer.iter_content(2**16))


def measure(
    what: str, service: Service, alone: Honest, work: Beside, process: psutil.Process
) -> None:
    """Say what an honest client sees beside the work, until that is over."""
    seen: list[Honest] = []

    def ask() -> None:
        while not over.is_set():
            seen.append(honest(service, 30))

    over, before = threading.Event(), process.memory_info().rss
    asking = threading.Thread(target=ask)
    asking.start()
    work.watch(process)
    over.set()
    asking.join()
    beside = Honest(
        [time for each in seen for time in each.times],
        [time for each in seen for time in each.connecting],
        sum(each.failed for each in seen),
    )
    print(
        f"{what}: {work.seconds:.1f} s, {before / 2**20:.0f} MiB before and"
        f" {work.most / 2**20:.0f} at most\n  alone:  {alone}\n  beside: {beside},"
        f" of {len(beside.times)} requests",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--expired", type=int, default=2_000_000)
    parser.add_argument("--kept", type=int, default=432_000)
    sizes = parser.parse_args()
    with (
        database() as url,
        tempfile.TemporaryDirectory() as folder,
        Service(url, Path(folder), WEB_CONCURRENCY="1") as service,
    ):
        user_id = new_user_id()
        with service.session(user_id) as session:
            task = {"title": "The first"}
            session.post(f"{service.url}/api/tasks", json=task).raise_for_status()
        fill(url, user_id, sizes.expired, sizes.kept)
        (worker,) = psutil.Process(service.process.pid).children()
        bytes_of_export: list[int] = []
        export = Beside(lambda: bytes_of_export.append(exported(service, user_id)))
        measure(f"an export of {sizes.kept:,} keys", service, honest(service), export, worker)
        print(f"  {sum(bytes_of_export) / 1e6:.0f} MB")
        purge(service, sizes.expired)


def purge(service: Service, expired: int) -> None:
    """Purge by the command, and say what that took."""
    alone = honest(service)
    command = subprocess.Popen(
        [BIN / "flask", "purge"], env=service.environ, stdout=subprocess.PIPE, text=True
    )
    work = Beside(lambda: print(f"  {command.communicate()[0]}", end=""))
    measure(f"a purge of {expired:,} keys", service, alone, work, psutil.Process(command.pid))
    if command.returncode:
        raise SystemExit("The purge has failed.")


if __name__ == "__main__":
    main()
