"""How connections are opened, looked at and waited for."""

import select
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gevent
import psycopg
from flask import Flask
from gevent import monkey
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from sqlalchemy import event, exc
from sqlalchemy.engine import Engine

from taskapp import config
from taskapp.config import Settings
from taskapp.telemetry import tracing

# gevent's own takes tens of microseconds, also to look without waiting.
_poll = monkey.get_original("select", "poll")
# psycopg's states, which are those of gevent's watchers, too.
READ, WRITE = 1, 2
EVENTS = {READ: select.POLLIN, WRITE: select.POLLOUT, READ | WRITE: select.POLLIN | select.POLLOUT}


GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
BINARY = 1  # as libpq says it


@dataclass(frozen=True, slots=True)
class Query:
    """What PostgreSQL is asked: a text with `$1`, `$2`…, whose types follow from it, and values.

    A text that is `lasting` is prepared once for each connection, so there must be few.
    """

    text: bytes
    values: Sequence[Any] = ()
    lasting: bool = True


class Connection(psycopg.Connection[Any]):
    """A connection that takes several queries in one round trip, and waits by gevent's hub.

    psycopg's own wait asks a selector that gevent has replaced, several times for a pipeline.
    """

    prepares = True
    tracer: Any = None  # of OpenTelemetry, if there are traces

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names: dict[bytes, bytes] = {}  # of what is prepared, by its text

    def ask(self, *queries: Query) -> Any:
        """Run the queries in one round trip, and return the last one's result, a PGresult.

        Outside of a transaction they are one together; none is begun. Raises `psycopg.Error`, and
        closes the connection if it is unknown how far the queries came.
        """
        # A pipeline of psycopg's cursors takes twice the time.
        with tracing.query(self.tracer, queries[-1].text):
            results = self.wait(self._asked(queries))
        for result in results:
            if result.status not in GOOD:
                raise psycopg.errors.error_from_result(result, self.info.encoding)
        return results[-1]

    def rows(self, result: Any, make_row: Any) -> list[Any]:
        """Return the rows of a result, each as `make_row` makes it of its values."""
        transformer = Transformer(self)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, make_row)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run the generator of psycopg to its end, and return its value."""
        if timeout is not None or not monkey.is_module_patched("select"):
            return super().wait(gen, interval, timeout)
        file = self.pgconn.socket
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(_wait(file, wanted))
        except StopIteration as end:
            return end.value

    def _asked(self, queries: Sequence[Query]) -> Generator[int, int, list[Any]]:
        pgconn = self.pgconn
        try:
            pgconn.enter_pipeline_mode()
            sent = [text for query in queries for text in self._send(query)]
            pgconn.pipeline_sync()
            while pgconn.flush():
                if (yield READ | WRITE) & READ:
                    pgconn.consume_input()
            results = yield from _received(pgconn)
            pgconn.exit_pipeline_mode()
        except BaseException:
            pgconn.finish()
            raise
        for text, result in zip(sent, results, strict=True):
            if text and result.status not in GOOD:
                del self._names[text]
        return results

    def _send(self, query: Query) -> list[bytes]:
        """Send a query, and return for each result to come the text that it prepares, if any."""
        values = Transformer(self).dump_sequence(query.values, [PyFormat.TEXT] * len(query.values))
        if not (query.lasting and self.prepares):
            self.pgconn.send_query_params(query.text, values, result_format=BINARY)
            return [b""]
        name = self._names.get(query.text)
        if name:
            self.pgconn.send_query_prepared(name, values, result_format=BINARY)
            return [b""]
        name = self._names[query.text] = b"taskapp_%d" % len(self._names)
        self.pgconn.send_prepare(name, query.text)
        self.pgconn.send_query_prepared(name, values, result_format=BINARY)
        return [query.text, b""]


def options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine for the database of the settings."""
    seconds = settings.database_timeout
    if settings.database.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": seconds}}
    # A transaction is asked for where it is needed: around one statement it would be two round
    # trips, for its BEGIN and its COMMIT.
    options = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    return {**options, "connect_args": _connect_args(seconds)}


def prepare(app: Flask, engine: Engine) -> None:
    """Let the engine's connections be opened, looked at and waited for as here."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        return
    event.listen(engine, "connect", lambda connection, record: tracing.follow(app, connection))
    event.listen(engine, "checkout", _refuse_dead_connection)
    event.listen(engine, "do_connect", partial(_connect, config.of(app).prepared_statements))


def _connect_args(seconds: int) -> dict[str, Any]:
    milliseconds = seconds * 1000
    return {
        "application_name": "taskapp",
        # psycopg throws away all that is prepared when a transaction is rolled back: ours, too.
        "prepare_threshold": None,
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


def _connect(
    prepares: bool, dialect: object, record: object, args: Any, parameters: Any
) -> Connection:
    connection = Connection.connect(*args, **parameters)
    connection.prepares = prepares
    return connection


def _refuse_dead_connection(connection: Any, record: object, proxy: object) -> None:
    # An idle connection has nothing to say. If its socket can be read, the server has closed it
    # (or is about to). Looking costs microseconds where a ping would cost a round trip.
    poll = _poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise exc.InvalidatePoolError


def _wait(file: int, wanted: int) -> int:
    """Wait until the socket is ready, and return what for; a broken one can be read."""
    poll = None
    # The hub is asked for an answer that is there already, too. So others get their turn, or a
    # client that always has the next request ready would hold the worker (p99 13 → 66 ms).
    if wanted != READ:
        poll = _poll()
        poll.register(file, EVENTS[wanted])
        if ready := _ready(poll):
            return ready
    hub = gevent.get_hub()
    watcher = hub.loop.io(file, wanted)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()
    return _ready(poll) if poll else READ


def _ready(poll: Any) -> int:
    found = poll.poll(0)
    if not found:
        return 0
    events = found[0][1]
    return (READ if events & ~select.POLLOUT else 0) | (WRITE if events & select.POLLOUT else 0)


def _received(pgconn: Any) -> Generator[int, int, list[Any]]:
    """Return the results of a pipeline up to its sync; each query's ends with a None."""
    results: list[Any] = []
    ended = False
    while True:
        while pgconn.is_busy():
            yield READ
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if ended:
                raise psycopg.OperationalError("the connection is lost")
            ended = True
        elif result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        else:
            ended = False
            results.append(result)
