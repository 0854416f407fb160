"""Several queries to PostgreSQL in one round trip, over psycopg's wrapper of libpq (`psycopg.pq`).

A pipeline of psycopg's cursors takes three to five times the time of this one.
"""

import logging
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

import psycopg
from psycopg import errors, generators, pq
from psycopg.adapt import PyFormat, Transformer

from taskapp import cooperation
from taskapp.telemetry import tracing

GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
BINARY = 1  # libpq's number for it
# A prepared statement that is unknown, or known already, on the server's side of a pooler.
LOST = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)
# One whose rows have changed their types since: "cached plan must not change result type".
OUTDATED = errors.FeatureNotSupported
NOT_KEPT = "The database's pooler does not keep prepared statements."
KEEP = (
    "Set PREPARED_STATEMENTS=false, or let the pooler keep them: PgBouncer does from 1.21 on with"
    " max_prepared_statements above 0, which is the default from 1.24 on."
)

logger = logging.getLogger("taskapp")


@dataclass(frozen=True, slots=True)
class Query:
    """What PostgreSQL is asked: a text with `$1`, `$2`…, whose types follow from it, and values.

    A text that is `lasting` is prepared once for each connection, so there must be few. Inside a
    transaction that has begun before none is.
    """

    text: bytes
    values: Sequence[Any] = ()
    lasting: bool = True


COMMIT = Query(b"COMMIT", lasting=False)
ROLLBACK = Query(b"ROLLBACK", lasting=False)


@dataclass
class Preparing:
    """Whether statements are prepared; what one connection learns of a pooler holds for all."""

    allowed: bool = True


class Connection(psycopg.Connection[Any]):
    """A connection that takes several queries in one round trip, and waits cooperatively.

    psycopg's own wait asks a selector that gevent has replaced, several times for a pipeline.
    """

    preparing = Preparing()
    unsaid: tuple[Query, ...] = ()  # what each transaction begins with
    distributed = False  # whether the tables may be on other nodes
    patience: float | None = None  # seconds to wait for an answer; None leaves that to the server
    tracer: Any = None  # of OpenTelemetry, if there are traces

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names: dict[bytes, bytes] = {}  # of what is prepared, by its text
        self._renewals = 0  # times that all had to be prepared anew
        # It remembers how each type is written and read, which takes as long as to do it.
        self._transformer = Transformer(self)

    def ask(self, *queries: Query) -> Any:
        """Run the queries in one round trip, and return the last one's result, a PGresult.

        Raises what `results` does.
        """
        return self.results(*queries)[-1]

    def results(self, *queries: Query) -> list[Any]:
        """Run the queries in one round trip, and return their results, each a PGresult.

        Outside of a transaction they are one together. Raises `psycopg.Error`, and closes the
        connection if it is unknown how far the queries came.
        """
        with tracing.query(self.tracer, queries[-1].text):
            if self.pgconn.transaction_status != pq.TransactionStatus.IDLE:
                # What was done before would be lost with a prepared statement that is.
                return self._asked(_unprepared(queries))
            try:
                return self._asked(queries)
            except (*LOST, OUTDATED) as error:
                self._forget_prepared(error)
                # Nothing was done, and unprepared it depends on nothing that was there before.
                if self.pgconn.transaction_status == pq.TransactionStatus.INERROR:
                    self._asked([ROLLBACK])
                return self._asked(_unprepared(queries))

    def rows(self, result: Any, make_row: Any) -> list[Any]:
        """Return the rows of a result, each as `make_row` makes it of its values."""
        transformer = self._transformer
        transformer.set_pgresult(result)
        if self.pgconn.parameter_status(b"TimeZone") != b"UTC":
            # A pooler may not pass on to the server what the session asks for.
            make_row = partial(_in_utc, make_row)
        try:
            return transformer.load_rows(0, result.ntuples, make_row)
        finally:
            transformer.set_pgresult(None)  # or its rows would stay for as long as the connection

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run the generator of psycopg to its end, and return its value."""
        if timeout is not None or not cooperation.is_on():
            return super().wait(gen, interval, timeout)
        if self.patience is None:
            return self._wait(gen)
        try:
            with cooperation.time_limit(self.patience, TimeoutError()):
                return self._wait(gen)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError("the database did not answer in time") from None

    def _wait(self, gen: Any) -> Any:
        file = self.pgconn.socket
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(cooperation.wait(file, wanted))
        except StopIteration as end:
            return end.value

    def _asked(self, queries: Sequence[Query]) -> list[Any]:
        results: list[Any] = self.wait(self._exchange(queries))
        for result in results:
            if result.status not in GOOD:
                raise errors.error_from_result(result, self.info.encoding)
        return results

    def _exchange(self, queries: Sequence[Query]) -> Generator[int, int, list[Any]]:
        """Send all queries, and return one result for each message that has one."""
        pgconn = self.pgconn
        try:
            pgconn.enter_pipeline_mode()
            sent = [text for query in queries for text in self._send(query)]
            pgconn.pipeline_sync()
            yield from generators.send(pgconn)
            results: list[Any] = []
            for _ in sent:
                results += yield from generators.fetch_many(pgconn)
            yield from generators.fetch_many(pgconn)  # the sync's
            if len(results) != len(sent):
                raise psycopg.OperationalError("the connection is lost")
            pgconn.exit_pipeline_mode()
        except BaseException:
            pgconn.finish()
            raise
        # What was prepared stays so, also where a later query failed.
        for text, result in zip(sent, results, strict=True):
            if text and result.status not in GOOD:
                self._names.pop(text, None)
        return results

    def _send(self, query: Query) -> list[bytes]:
        """Send a query, and return for each result to come the text that it prepares, if any."""
        formats = [PyFormat.TEXT] * len(query.values)
        values = self._transformer.dump_sequence(query.values, formats)
        if not (query.lasting and self.preparing.allowed):
            self.pgconn.send_query_params(query.text, values, result_format=BINARY)
            return [b""]
        name, prepares = self._names.get(query.text), []
        if name is None:
            name, prepares = self._name(query.text), [query.text]
            self.pgconn.send_prepare(name, query.text)
            self._names[query.text] = name
        self.pgconn.send_query_prepared(name, values, result_format=BINARY)
        return [*prepares, b""]

    def _name(self, text: bytes) -> bytes:
        # Of the text alone: behind a pooler other processes meet the name, and it must never mean
        # another statement to them.
        digest = blake2b(text, digest_size=16).hexdigest()
        return f"taskapp_{digest}_{self._renewals}".encode()

    def _forget_prepared(self, error: psycopg.Error) -> None:
        self._names.clear()
        self._renewals += 1
        if isinstance(error, LOST) and self.preparing.allowed:
            self.preparing.allowed = False
            logger.warning("%s This process does without from now on. %s", NOT_KEPT, KEEP)


def _unprepared(queries: Sequence[Query]) -> list[Query]:
    return [replace(query, lasting=False) for query in queries]


def _in_utc(make_row: Any, values: Sequence[Any]) -> Any:
    return make_row(
        [value.astimezone(UTC) if isinstance(value, datetime) else value for value in values]
    )
