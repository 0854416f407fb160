"""How connections to the database are opened, and looked at before they are used again."""

import logging
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import ExecStatus
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Engine

from taskapp import config, cooperation, urls
from taskapp.config import Settings
from taskapp.database.exchange import Connection, Preparing, Query
from taskapp.database.turns import Unavailable
from taskapp.telemetry import tracing

# What poolers say of a startup parameter that they don't take: PgBouncer and Neon, RDS Proxy.
REFUSED = re.compile("startup parameter|command-line options")
NAMED = re.compile(r"(?:-c\s*|--)([\w.-]+)=")  # in `options`
# The settings of a session, and, where a schema has the login's name, the search path with it:
# "$user" would be the role that requests run as. And whether Citus is there, by a table of its own.
LOOK = b"""
SELECT name, setting FROM pg_settings WHERE name = ANY ($1)
UNION ALL
SELECT 'search_path', replace(replace(path, '"$user"', login), '$user', login)
FROM current_setting('search_path') AS path, quote_ident(current_user) AS login
WHERE path LIKE '%$user%' AND to_regnamespace(login) IS NOT NULL
UNION ALL
SELECT 'distributed', 'on' WHERE to_regclass('pg_dist_partition') IS NOT NULL
"""

# Of the seconds that a statement may take. A node that has frozen keeps PostgreSQL from ending what
# it has begun there; so it is given up here, and before those give up who wait for the connection.
PATIENCE = 0.8

logger = logging.getLogger("taskapp")


class Server:
    """The way to a PostgreSQL server, and what this process has learned of it.

    `wanted` is what its settings are asked to be, as `pg_settings` has them; what the URL says of
    one goes first. `seconds` is what a statement or a lock may take.
    """

    def __init__(self, url: URL, seconds: int, name: str = "taskapp") -> None:
        given = urls.arguments(url)
        self.options = str(given.get("options", ""))
        said = {name.lower().replace("-", "_") for name in NAMED.findall(self.options)}
        self.wanted = {
            name: value for name, value in session(seconds).items() if name.lower() not in said
        }
        self.parameters: dict[str, Any] = {
            "application_name": name,
            "connect_timeout": max(2, seconds),
            # A server that vanishes without a word is given up on after these.
            "keepalives_idle": 30,
            "tcp_user_timeout": 2 * seconds * 1000,
            **given,
            "client_encoding": "UTF8",
        }
        self._seconds = seconds
        self._takes_options = True

    def connect(self) -> Connection:
        """Open a connection whose session is as it is wanted, or made so by each transaction.

        A pooler may refuse what is asked for at the start, or keep it from the server. Raises
        `psycopg.Error`.
        """
        connection = self._connect()
        try:
            found = self._look(connection)
            connection.unsaid = self._unsaid(found)
            if "distributed" in found:
                connection.distributed, connection.patience = True, PATIENCE * self._seconds
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> Connection:
        if self._takes_options:
            ours = " ".join(f"-c {name}={value}" for name, value in self.wanted.items())
            try:
                return self._open(f"{ours} {self.options}")
            except psycopg.OperationalError as error:
                if not REFUSED.search(str(error)):
                    raise
                self._takes_options = False
        return self._open(self.options)

    def _open(self, options: str) -> Connection:
        # psycopg drops every prepared statement, ours too, when a transaction is rolled back.
        more: dict[str, Any] = {"options": options.strip(), "prepare_threshold": None}
        return Connection.connect(**{**self.parameters, **more})

    def _look(self, connection: Connection) -> dict[str, str]:
        look = connection.ask(Query(LOOK, [list(self.wanted)], lasting=False))
        return dict(connection.rows(look, tuple))

    def _unsaid(self, found: Mapping[str, str]) -> tuple[Query, ...]:
        """Return the query that each transaction begins with, if the session lacks anything."""
        said = {name: value for name, value in self.wanted.items() if found.get(name) != value}
        if "search_path" in found:
            said["search_path"] = found["search_path"]
        if not said:
            return ()
        calls = (f"set_config('{name}', ${i}, true)" for i, name in enumerate(said, 1))
        return (Query(f"SELECT {', '.join(calls)}".encode(), list(said.values())),)


def of(settings: Settings) -> Server:
    """Return the server that requests ask."""
    return Server(settings.database, settings.database_timeout)


def direct(settings: Settings, name: str = "taskapp") -> Server:
    """Return the same past any pooler: for migrations, and to listen."""
    return Server(settings.direct_database, settings.database_timeout, name)


def options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine for the database of the settings."""
    if settings.database.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": settings.database_timeout}}
    # A transaction is asked for where it is needed: around one statement it would be two round
    # trips, for its BEGIN and its COMMIT.
    return {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}


def make_folder(settings: Settings) -> None:
    """Make the folder of SQLite's file its owner's alone, if it is ours and not there yet."""
    file = settings.database.database or ""
    if settings.database.get_backend_name() == "sqlite" and not Path(file).is_absolute():
        with suppress(OSError):  # SQLite says it better
            Path(settings.instance_path).mkdir(mode=0o700, parents=True, exist_ok=True)


def prepare(app: Flask, engine: Engine) -> None:
    """Let the engine's connections be opened and looked at by the functions below."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _make_sqlite_file)
        event.listen(engine, "connect", _prepare_sqlite)
        return
    settings = config.of(app)
    preparing = Preparing(allowed=settings.prepared_statements)
    event.listen(engine, "do_connect", partial(_connect, of(settings), preparing))
    event.listen(engine, "connect", lambda connection, record: tracing.follow(app, connection))
    event.listen(engine, "checkout", _refuse_dead_connection)


def loses_statements(settings: Settings) -> bool:
    """Tell whether prepared statements are used, and a pooler in front does not keep them apart.

    Such a one hands two clients the same connection to the server, and the second can't give a
    name that the first has given. Raises `Unavailable`.
    """
    if settings.database.get_backend_name() == "sqlite" or not settings.prepared_statements:
        return False
    try:
        return _share_a_session(of(settings))
    except psycopg.Error as error:
        raise Unavailable from error


def _share_a_session(server: Server) -> bool:
    name = f"taskapp_probe_{secrets.token_hex(8)}".encode()
    with closing(server.connect()) as one, closing(server.connect()) as other:
        made = [held.pgconn.prepare(name, b"SELECT 1") for held in (one, other)]
    return any(result.status != ExecStatus.COMMAND_OK for result in made)


def session(seconds: int) -> dict[str, str]:
    """Return what PostgreSQL's settings are asked to be in each session, as `pg_settings` has them.

    `seconds` is what a statement or a lock may take.
    """
    return {
        "statement_timeout": str(seconds * 1000),
        "lock_timeout": str(seconds * 1000),
        "idle_in_transaction_session_timeout": str(2 * seconds * 1000),
        "TimeZone": "UTC",
    }


def _make_sqlite_file(dialect: object, record: object, args: Any, parameters: Any) -> None:
    """Let a new file, and a new folder, be its owner's alone; what is there stays as it is."""
    path = Path(args[0])
    with suppress(OSError):  # SQLite says it better
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The files beside it, of SQLite's write-ahead log, get its mode. Never one that is there:
        # to close it would give up all locks that this process has on it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _connect(
    server: Server, preparing: Preparing, dialect: object, record: object, *parameters: Any
) -> Connection:
    connection = server.connect()
    connection.preparing = preparing
    return connection


def _refuse_dead_connection(connection: Any, record: object, proxy: object) -> None:
    # An idle connection has nothing to say. If its socket can be read, the server has closed it
    # (or is about to). Looking costs microseconds where a ping would cost a round trip.
    if cooperation.is_readable(connection.fileno()):
        raise exc.InvalidatePoolError
