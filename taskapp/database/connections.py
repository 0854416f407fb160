"""How connections to the database are opened, and looked at before they are used again."""

import os
import secrets
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask
from psycopg.pq import ExecStatus
from sqlalchemy import event, exc
from sqlalchemy.engine import Engine

from taskapp import config, cooperation
from taskapp.config import Settings
from taskapp.database.exchange import Connection, Preparing
from taskapp.database.turns import Unavailable
from taskapp.telemetry import tracing


def options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine for the database of the settings."""
    seconds = settings.database_timeout
    if settings.database.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": seconds}}
    # A transaction is asked for where it is needed: around one statement it would be two round
    # trips, for its BEGIN and its COMMIT.
    options = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    return {**options, "connect_args": _connect_args(seconds)}


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
    preparing = Preparing(allowed=config.of(app).prepared_statements)
    event.listen(engine, "do_connect", partial(_connect, preparing))
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
        return _share_a_session(settings)
    except (psycopg.Error, exc.DBAPIError) as error:
        raise Unavailable from error


def _share_a_session(settings: Settings) -> bool:
    engine = sa.create_engine(settings.database, poolclass=sa.NullPool, **options(settings))
    name = f"taskapp_probe_{secrets.token_hex(8)}".encode()
    with closing(engine.raw_connection()) as one, closing(engine.raw_connection()) as other:
        for held in (one, other):
            pgconn: Any = held.driver_connection.pgconn  # type: ignore[union-attr]
            if pgconn.prepare(name, b"SELECT 1").status != ExecStatus.COMMAND_OK:
                return True
    return False


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


def _connect_args(seconds: int) -> dict[str, Any]:
    milliseconds = seconds * 1000
    return {
        "application_name": "taskapp",
        # psycopg drops every prepared statement, ours too, when a transaction is rolled back.
        "prepare_threshold": None,
        "connect_timeout": max(2, seconds),
        # A server that vanishes without a word is given up on after these.
        "keepalives_idle": 30,
        "tcp_user_timeout": 2 * milliseconds,
        "options": " ".join(f"-c {name}={value}" for name, value in session(seconds).items()),
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
    preparing: Preparing, dialect: object, record: object, args: Any, parameters: Any
) -> Connection:
    connection = Connection.connect(*args, **parameters)
    connection.preparing = preparing
    return connection


def _refuse_dead_connection(connection: Any, record: object, proxy: object) -> None:
    # An idle connection has nothing to say. If its socket can be read, the server has closed it
    # (or is about to). Looking costs microseconds where a ping would cost a round trip.
    if cooperation.is_readable(connection.fileno()):
        raise exc.InvalidatePoolError
