"""What a request costs here, against a reference without a framework, FastAPI and Fastify.

`python -m bench.run [--smoke]`: one PostgreSQL, the services in turn, the same requests by wrk.
CPU time is that of the service's whole process tree, without the database and without wrk. The
order of the services changes from round to round, so that a slow minute hurts all of them alike.
Without `--smoke` Fastify is among them, which needs Node, and it writes `bench/results.json`, and
`docs/performance.svg` from it.
"""

import argparse
import contextlib
import json
import os
import platform
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import flask_migrate
import psutil
import psycopg
import requests

from bench import chart
from taskapp import create_app
from taskapp.auth import tokens
from taskapp.config import ROOT
from tests.servers import BIN, Postgres, RoundTrips, free_port

WORKERS, CONNECTIONS = 2, 4
SIZES = {"bench-50": 50, "bench-1000": 1000}  # tasks of the two users that are asked for
OTHERS = 10_000  # users beside them, with 20 tasks each
# CPU time of ours against raw_wsgi's.
LIMITS = ("RATE_LIMIT_ADDRESS", "RATE_LIMIT_READS", "RATE_LIMIT_WRITES")
TARGETS = {"get": 1.45, "list 50": 1.3, "list 1000": 1.1, "list 304": 1.5}
TARGETS |= {"create": 1.6, "toggle": 1.6, "put": 1.6}
ROUNDS = 5
CLIENTS = (1, 8, 64)
RESULTS = ROOT / "bench" / "results.json"
SERVICES: dict[str, list[str]] = {
    "taskapp": [str(BIN / "gunicorn")],
    "raw_wsgi": [
        *(str(BIN / "gunicorn"), "--config", "bench/reference/gunicorn_conf.py"),
        "bench.reference.raw_wsgi:app",
    ],
    "fastapi_sqlmodel": [
        *(str(BIN / "uvicorn"), "bench.reference.fastapi_sqlmodel:app", "--loop", "uvloop"),
        *("--workers", str(WORKERS), "--no-access-log", "--log-level", "warning"),
    ],
    "fastify": ["node", "bench/reference/fastify/server.mjs"],
}
IN_SHORT = [name for name in SERVICES if name != "fastify"]  # what --smoke runs
NAMES = {"fastapi_sqlmodel": "FastAPI", "fastify": "Fastify"}


@dataclass(frozen=True)
class Kind:
    """One kind of request."""

    name: str
    method: str
    path: str
    user: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200

    def all_headers(self, token: str) -> dict[str, str]:
        """Return its headers, as a browser sends them."""
        headers = {"Authorization": f"Bearer {token}", "Origin": "http://localhost:3000"}
        if self.body:
            headers["Content-Type"] = "application/json"
        return headers | dict(self.headers)

    def lua(self, token: str) -> str:
        """Return the script that makes wrk send it."""
        headers = self.all_headers(token)
        lines = [f"wrk.method = {json.dumps(self.method)}"]
        lines += [f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}" for k, v in headers.items()]
        lines += [f"wrk.body = {json.dumps(self.body)}"] if self.body else []
        return "\n".join([*lines, REPORT])


REPORT = """
function done(summary, latency)
  io.write(string.format("\\nRESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.timeout + summary.errors.status))
end
"""


@dataclass
class Measured:
    """What wrk saw, and what it cost."""

    cpu: float  # microseconds of CPU time for a request
    rate: float  # requests in a second
    p50: float  # milliseconds
    p99: float


class Running:
    """A service that runs."""

    def __init__(self, name: str, database_url: str, secret: str, folder: str) -> None:
        self.database_url = database_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = SERVICES[name]
        if name == "fastapi_sqlmodel":
            command = [*command, "--port", str(self.port)]
        self.command = command
        self.environ = os.environ | {
            "DATABASE_URL": database_url,
            "JWT_SECRET_KEY": secret,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(WORKERS),
            "DATABASE_POOL_SIZE": str(CONNECTIONS),
            "THREADS": str(CONNECTIONS),  # the references'
            "INSTANCE_PATH": folder,
            "LOG_FORMAT": "json",
            "METRICS_TOKEN": secret,
            **dict.fromkeys(LIMITS, "100000000/minute"),
            "PYTHONPATH": str(ROOT),
        }
        self.log = Path(folder) / f"{name}.log"

    def start(self) -> None:
        started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environ, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                requests.get(f"{self.url}/health/ready", timeout=5)
                self.ready_after = time.monotonic() - started
                return
            except requests.ConnectionError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.01)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        """End it; one that does not end when it is asked to is killed."""
        processes = [self.process, *psutil.Process(self.process.pid).children(recursive=True)]
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            print(f"{self.log.stem} did not end", flush=True)
            for each in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()

    def ask(self, kind: Kind, token: str) -> requests.Response:
        return requests.request(
            kind.method, self.url + kind.path, data=kind.body, headers=kind.all_headers(token),
            timeout=10,
        )  # fmt: skip

    def cpu_seconds(self) -> float:
        process = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def worker_memory(self) -> float:
        """Return the resident memory of the largest worker, in MB."""
        workers = psutil.Process(self.process.pid).children(recursive=True)
        return max(worker.memory_info().rss for worker in workers) / 1e6

    def measure(self, kind: Kind, token: str, connections: int, seconds: float) -> Measured:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(kind.lua(token))
            script.flush()
            before = self.cpu_seconds()
            done = subprocess.run(
                [
                    *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s"),
                    *("--timeout", "20s", "--latency"),
                    *("-s", script.name, self.url + kind.path),
                ],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            # What was begun ends, and its cost counts, before another service meets its locks.
            time.sleep(0.5)
            if cut_off := settle(self.database_url):
                print(f"{self.log.stem}: {cut_off} transactions did not end", flush=True)
            cpu = self.cpu_seconds() - before
        count, micros, p50, p99, errors = (
            int(part) for part in done.stdout.rpartition("RESULT ")[2].split()
        )
        assert errors == 0 < count, done.stdout + self.log.read_text()[-3000:]
        return Measured(cpu / count * 1e6, count / micros * 1e6, p50 / 1000, p99 / 1000)


def settle(database_url: str) -> int:
    """Wait until no transaction is open; return how many were cut off since they did not end."""
    others = (
        "FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle'"
        " AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(50):
            if not connection.execute(f"SELECT 1 {others}").fetchall():
                return 0
            time.sleep(0.1)
        return connection.execute(f"SELECT pg_terminate_backend(pid) {others}").rowcount


def load(database_url: str, others: int) -> dict[str, int]:
    """Migrate, store the tasks, and return the id of one task for each of the two users."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DATABASE_URL": database_url, "JWT_SECRET_KEY": "x" * 32}
        with create_app({**settings, "INSTANCE_PATH": folder}).app_context():
            flask_migrate.upgrade()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (id, created_at, revision) SELECT 'other-' || n, now(), 20"
            " FROM generate_series(1, %s) AS n",
            (others,),
        )
        sizes = {**SIZES}
        for user, size in sizes.items():
            connection.execute(
                "INSERT INTO users (id, created_at, revision) VALUES (%s, now(), %s)", (user, size)
            )
        insert = (
            "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at,"
            " revision) SELECT {}, 'Task ' || n, 'What there is to say about task ' || n, false,"
            " now(), now(), n FROM {}"
        )
        of_others = "generate_series(1, %s) AS u, generate_series(1, 20) AS n"
        connection.execute(insert.format("'other-' || u", of_others), (others,))
        ids = {}
        for user, size in sizes.items():
            row = "generate_series(1, %s) AS n"
            connection.execute(insert.format("%s", row), (user, size))
            found = connection.execute("SELECT max(id) FROM tasks WHERE user_id = %s", (user,))
            ((ids[user],),) = found.fetchall()
        connection.execute("VACUUM ANALYZE")
    return ids


def kinds(ids: dict[str, int]) -> list[Kind]:
    small, large = SIZES
    tasks = f"/api/{small}/tasks"
    task = f"{tasks}/{ids[small]}"
    return [
        Kind("get", "GET", task, small),
        Kind("list 50", "GET", tasks, small),
        Kind("list 1000", "GET", f"/api/{large}/tasks", large),
        Kind("list 304", "GET", tasks, small, headers=(("If-None-Match", '"50"'),), status=304),
        Kind("toggle", "PATCH", f"{task}/complete", small),
        Kind("put", "PUT", task, small, '{"title": "Changed"}'),
        Kind("create", "POST", "/api/bench-new/tasks", "bench-new", '{"title": "New"}', status=201),
    ]


def check_same_answers(services: dict[str, Running], all_kinds: list[Kind], secret: str) -> None:
    """Compare what all services answer, in the fields that all have.

    Only times and numbers may differ. A reference need not follow each new field of a task.
    """
    for kind in all_kinds:
        answers = {}
        for name, service in services.items():
            answer = service.ask(kind, token_of(kind, secret))
            assert answer.status_code == kind.status, (name, kind.name, answer.text[:300])
            body = answer.json() if answer.content else []
            answers[name] = body if isinstance(body, list) else [body]
        tasks = [task for body in answers.values() for task in body]
        shared = set.intersection(*map(set, tasks)) if tasks else set()
        assert not tasks or {"id", "title", "completed"} <= shared, (kind.name, shared)
        compared = {
            name: [{field: _comparable(field, task[field]) for field in shared} for task in body]
            for name, body in answers.items()
        }
        one, *others = compared.values()
        assert all(other == one for other in others), (kind.name, compared)


def _comparable(field: str, value: Any) -> Any:
    if field == "completed_at":  # null or not, as often as it was toggled
        return field
    varies = ("id", "revision", "updated_at", "created_at", "completed")
    return type(value).__name__ if field in varies else value


def token_of(kind: Kind, secret: str) -> str:
    return tokens.issue(kind.user, tokens.Key("HS256", secret), "sub", exp=int(time.time()) + 86400)


def restore_revision(database_url: str, all_kinds: list[Kind]) -> None:
    """Let the list's ETag be the known one again after the writes."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE tasks SET revision = id + 1000000 WHERE user_id = 'bench-50' AND revision > 50"
        )
        connection.execute("UPDATE users SET revision = 50 WHERE id = 'bench-50'")


@contextlib.contextmanager
def database() -> Iterator[str]:
    if url := os.environ.get("BENCH_DATABASE_URL"):
        yield url
        return
    with Postgres(durable=True) as postgres:
        yield postgres.url


def measured(
    services: dict[str, Running],
    kind: Kind,
    token: str,
    clients: Sequence[int],
    rounds: int,
    seconds: int,
) -> dict[str, dict[int, list[Measured]]]:
    """Return what was measured, by service and number of connections, once for each round."""
    found: dict[str, dict[int, list[Measured]]] = {
        name: {connections: [] for connections in clients} for name in services
    }
    names = list(services)
    for connections in clients:
        for number in range(rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                once = services[name].measure(kind, token, connections, seconds)
                found[name][connections].append(once)
    return found


def round_trips(url: str, all_kinds: Sequence[Kind], secret: str, folder: str) -> dict[str, float]:
    """Return how many round trips to the database a request of each kind takes in our service."""
    times = 20
    with RoundTrips(url) as counter:
        service = Running("taskapp", counter.url, secret, folder)
        service.environ["WEB_CONCURRENCY"] = "1"
        service.start()
        try:
            found = {}
            for kind in all_kinds:
                token = token_of(kind, secret)
                # The driver prepares a statement when it has seen it a few times.
                for _ in range(10):
                    service.ask(kind, token)
                before = counter.count
                for _ in range(times):
                    service.ask(kind, token)
                found[kind.name] = (counter.count - before) / times
            return found
        finally:
            service.stop()


def summary(rounds: dict[str, dict[int, list[Measured]]]) -> dict[str, Any]:
    """Return the medians by service and connections, and the ratios that the targets are about."""
    middle = {
        name: {
            str(connections): {
                field: round(statistics.median(getattr(once, field) for once in values), 2)
                for field in asdict(values[0])
            }
            for connections, values in by_connections.items()
        }
        for name, by_connections in rounds.items()
    }
    pairs = zip(rounds["taskapp"][1], rounds["raw_wsgi"][1], strict=True)
    return {"services": middle, "cpu_ratios": [round(a.cpu / b.cpu, 2) for a, b in pairs]}


def run(
    names: Sequence[str], clients: Sequence[int], rounds: int, seconds: int, others: int
) -> dict[str, Any]:
    """Measure the services of these names and return what `results.json` holds."""
    secret = secrets.token_urlsafe(48)
    with database() as url, tempfile.TemporaryDirectory() as folder:
        all_kinds = kinds(load(url, others))
        services = {name: Running(name, url, secret, folder) for name in names}
        for service in services.values():
            service.start()
        try:
            # Also creates the user that tasks are created for.
            services["taskapp"].ask(all_kinds[-1], token_of(all_kinds[-1], secret))
            check_same_answers(services, [kind for kind in all_kinds if kind.status != 304], secret)
            restore_revision(url, all_kinds)
            check_same_answers(services, [kind for kind in all_kinds if kind.status == 304], secret)
            found = {}
            for kind in all_kinds:
                token = token_of(kind, secret)
                times = measured(services, kind, token, clients, rounds, seconds)
                found[kind.name] = summary(times)
            memory, ready = services["taskapp"].worker_memory(), services["taskapp"].ready_after
        finally:
            for service in services.values():
                service.stop()
        restore_revision(url, all_kinds)
        trips = round_trips(url, all_kinds, secret, folder)
    return {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "workers": WORKERS,
        "services": list(names),
        "rounds": rounds,
        "clients": list(clients),
        "tasks": others * 20 + sum(SIZES.values()),
        "kinds": found,
        "round_trips": trips,
        "worker_memory_mb": round(memory, 1),
        "ready_after_s": round(ready, 2),
    }


def report(results: dict[str, Any]) -> None:
    """Print what was measured as tables, and ours as a multiple of the references."""
    report_cpu(results)
    for connections in results["clients"]:
        report_rates(results, connections)
    unchanged, whole = (
        results["kinds"][kind]["services"]["taskapp"]["1"]["cpu"]
        for kind in ("list 304", "list 50")
    )
    print(f"\na 304 costs {unchanged / whole:.2f} of the list of 50 (target 0.7)")
    print(f"resident memory of the largest worker: {results['worker_memory_mb']} MB (target 85)")
    print(f"ready after {results['ready_after_s']} s (target 1.5)")


def report_cpu(results: dict[str, Any]) -> None:
    """Print the CPU time of a request, and ours as a multiple of plain WSGI's."""
    names = results["services"]
    heads = "".join(f"{name:>18}" for name in names)
    print(f"CPU µs, 1 client  {heads}   to raw_wsgi   target   round trips")
    for kind, found in results["kinds"].items():
        cpu = "".join(f"{found['services'][name]['1']['cpu']:18.0f}" for name in names)
        ratios = found["cpu_ratios"]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        trips = results["round_trips"][kind]
        print(f"{kind:18}{cpu}{spread:>19}{TARGETS[kind]:7.2f}{trips:14.1f}")


def report_rates(results: dict[str, Any], connections: int) -> None:
    """Print requests per second, and ours as a multiple of FastAPI's and of Fastify's."""
    names = results["services"]
    plural = "s" if connections > 1 else ""
    print(f"\n{connections} client{plural}: requests/s (p50, p99 in ms)")
    print(" " * 12 + "".join(f"{name:>28}" for name in names))
    for kind, found in results["kinds"].items():
        each = {name: found["services"][name][str(connections)] for name in names}
        row = "".join(
            f"{one['rate']:10.0f} ({one['p50']:.1f}, {one['p99']:.1f})".rjust(28)
            for one in each.values()
        )
        multiples = ", ".join(
            f"{each['taskapp']['rate'] / each[name]['rate']:.2f} x {NAMES[name]}"
            for name in names
            if name in NAMES
        )
        print(f"{kind:12}{row}   {multiples}")


def far_out(results: dict[str, Any]) -> list[str]:
    """Return the kinds of requests that cost more than twice the target, in every round.

    What else the machine does can only make a round worse.
    """
    return [
        kind
        for kind, found in results["kinds"].items()
        if min(found["cpu_ratios"]) > 2 * TARGETS[kind]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="short, with a small database")
    smoke = parser.parse_args().smoke
    full = (list(SERVICES), CLIENTS, ROUNDS, 2, OTHERS)
    results = run(*(IN_SHORT, (1, 8), 3, 1, 100) if smoke else full)
    report(results)
    if not smoke:
        before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        others = {name: before[name] for name in ("growth", "tail") if name in before}
        RESULTS.write_text(json.dumps(results | others, indent=1) + "\n")
        (ROOT / "docs" / "performance.svg").write_text(chart.drawn(results["kinds"]))
    if kinds_far_out := far_out(results):
        sys.exit(f"more than twice the target: {', '.join(kinds_far_out)}")


if __name__ == "__main__":
    main()
