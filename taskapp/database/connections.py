"""How connections are opened, looked at and waited for."""

import select
from typing import Any

import gevent
import psycopg
from flask import Flask
from gevent import monkey
from sqlalchemy import event, exc
from sqlalchemy.engine import Engine

from taskapp.config import Settings
from taskapp.telemetry import tracing

# gevent's own takes tens of microseconds, also to look without waiting.
_poll = monkey.get_original("select", "poll")
# psycopg's states, which are those of gevent's watchers, too.
READ, WRITE = 1, 2
EVENTS = {READ: select.POLLIN, WRITE: select.POLLOUT, READ | WRITE: select.POLLIN | select.POLLOUT}


class Connection(psycopg.Connection[Any]):
    """A connection that gevent waits for, and only where there is something to wait for.

    psycopg's own wait asks a selector that gevent has replaced, several times for a pipeline:
    with this one a statement takes 20 microseconds less, and one in a pipeline 100.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run the generator of psycopg to its end, and return its value."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        file = self.pgconn.socket
        waited = answered = False
        try:
            wanted = next(gen)
            poll = _poll()
            poll.register(file, EVENTS[wanted])
            while True:
                ready = _ready(poll)
                if not ready:
                    _wait(file, wanted)
                    waited = True
                    ready = _ready(poll)
                answered = answered or bool(ready & READ)
                wanted = gen.send(ready)
                poll.modify(file, EVENTS[wanted])
        except StopIteration as end:
            # An answer that was there at once: others get their turn all the same, or a client
            # that always has the next request ready would hold the worker (p99 13 → 66 ms).
            if answered and not waited and not self.closed:
                _wait(file, WRITE)
            return end.value


def options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine for the database of the settings."""
    seconds = settings.database_timeout
    if settings.database.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": seconds}}
    # A transaction is asked for where it is needed: around one statement it would be two round
    # trips, for its BEGIN and its COMMIT.
    options = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    arguments = _connect_args(seconds)
    if not settings.prepared_statements:
        arguments["prepare_threshold"] = None
    return {**options, "connect_args": arguments}


def prepare(app: Flask, engine: Engine) -> None:
    """Let the engine's connections be opened, looked at and waited for as here."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        return
    event.listen(engine, "connect", lambda connection, record: tracing.follow(app, connection))
    event.listen(engine, "checkout", _refuse_dead_connection)
    if monkey.is_module_patched("select"):
        event.listen(engine, "do_connect", _connect)


def _connect_args(seconds: int) -> dict[str, Any]:
    milliseconds = seconds * 1000
    return {
        "application_name": "taskapp",
        "connect_timeout": max(2, seconds),
        # A server that vanished without a word is given up after these.
        "keepalives_idle": 30,
        "tcp_user_timeout": 2 * milliseconds,
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        f" -c idle_in_transaction_session_timeout={2 * milliseconds} -c timezone=UTC",
    }


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _connect(dialect: object, record: object, args: Any, parameters: Any) -> Connection:
    return Connection.connect(*args, **parameters)


def _refuse_dead_connection(connection: Any, record: object, proxy: object) -> None:
    # An idle connection has nothing to say. If its socket can be read, the server has closed it
    # (or is about to). Looking costs microseconds where a ping would cost a round trip.
    poll = _poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise exc.InvalidatePoolError


def _ready(poll: Any) -> int:
    """Return what the socket is ready for now; a broken one can be read."""
    found = poll.poll(0)
    if not found:
        return 0
    events = found[0][1]
    return (READ if events & ~select.POLLOUT else 0) | (WRITE if events & select.POLLOUT else 0)


def _wait(file: int, wanted: int) -> None:
    hub = gevent.get_hub()
    watcher = hub.loop.io(file, wanted)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()
