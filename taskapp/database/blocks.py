"""Blocks of work at the database: a connection for a while, and whom its statements are about."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from flask import has_request_context, request
from sqlalchemy import exc
from sqlalchemy.pool import PoolProxiedConnection

from taskapp import clients, current
from taskapp.database.exchange import ROLLBACK, Connection, Query
from taskapp.database.strategies import AWAY, BEGIN, Distributed, OneServer, Strategy
from taskapp.database.turns import Turns, Unavailable
from taskapp.telemetry import metrics

NOBODY = ""  # no user has this id
NO_TURN: AbstractContextManager[None] = nullcontext()


@dataclass(frozen=True, slots=True)
class Database:
    """What an application needs of its database at each request."""

    each: sa.Engine | None  # it commits each statement by itself; None on SQLite
    together: sa.Engine
    turns: Turns
    one_server: OneServer
    distributed: Distributed


@dataclass(slots=True)
class Block:
    """A connection, and whom its statements are about; `told` while PostgreSQL knows that."""

    user_id: str
    held: sa.Connection | PoolProxiedConnection
    driver: Connection | None  # None on SQLite, as is the strategy
    strategy: Strategy | None
    told: bool = False
    goes_on: bool = False  # a transaction of a statement that did not end it

    @property
    def connection(self) -> sa.Connection:
        # `autocommit` has none: to make one takes as long as to run the statement.
        if not isinstance(self.held, sa.Connection):
            raise LookupError("autocommit() takes prepared statements only")
        return self.held

    def ask(self, query: Query, *, ends: bool = True) -> Any:
        """Run the query and return its result, a PGresult of psycopg.

        Outside of a transaction it is one by itself; where it does not end that, the next query
        does, or `abandon`. Only where writes do not `join` there is such a one.
        """
        driver, strategy = cast(Connection, self.driver), cast(Strategy, self.strategy)
        if self.told and not self.goes_on:
            return driver.ask(query)
        begins, self.told, self.goes_on = not self.told, False, False  # an error is the end
        result = strategy.run(driver, self.user_id, query, begins=begins, ends=ends)
        self.told = self.goes_on = not ends
        return result

    def abandon(self) -> None:
        """Roll back a transaction that goes on, if there is one."""
        if self.goes_on and self.driver:
            self.told = self.goes_on = False
            self.driver.ask(ROLLBACK)


# The block at hand. There is no ORM session: every statement is one of Core, and a session would
# take longer than everything else that is done for a statement.
_at_hand: ContextVar[Block | None] = ContextVar("block", default=None)


def at_hand() -> Block:
    """Return the innermost open block; raises LookupError outside of any."""
    block = _at_hand.get()
    if block is None:
        raise LookupError("SQL needs a transaction() or autocommit() around it")
    return block


@contextmanager
def transaction(user_id: str = NOBODY) -> Iterator[None]:
    """Run the block as one transaction: committed at its end, rolled back by an exception.

    Of all users' rows it sees only this user's. Inside another block it is a part of that;
    ValueError if that is another user's. Raises `Unavailable` when the database is away, busy or
    too slow.
    """
    if _is_part(user_id):
        yield
        return
    database = _database()
    with _begun(database, _turn(database, user_id), user_id):
        yield


def autocommit(user_id: str) -> AbstractContextManager[object]:
    """Return a context for a block with each of its statements a transaction of its own.

    That is enough for whatever is one statement, which must be a `Prepared` one; it is one round
    trip. Inside a transaction the block is a part of that, and on SQLite, where a round trip costs
    nothing, it is a transaction. Raises what `transaction` does.
    """
    database = _database()
    if database.each is None or _is_part(user_id):
        return transaction(user_id)
    return _connected(database, database.each.raw_connection, _turn(database, user_id), user_id)


def maintenance() -> AbstractContextManager[object]:
    """Return a context for a transaction that sees the rows of all users, if the login owns them.

    It waits for no turn. For commands of operators, never for a request. Raises what `transaction`
    does.
    """
    return _begun(_database(), NO_TURN, None)


def look() -> AbstractContextManager[object]:
    """Return a context for a transaction as requests have one, which waits for no turn.

    For one at a time in a process: there is one connection more than there are turns. Raises what
    `transaction` does.
    """
    return _begun(_database(), NO_TURN, NOBODY)


def transactional() -> sa.Engine:
    """Return the engine for several statements at once; that of `db` commits each by itself."""
    return _database().together


@contextmanager
def _begun(
    database: Database, turn: AbstractContextManager[None], user_id: str | None
) -> Iterator[None]:
    """Hold a transaction about this user; with None, of the login itself."""
    connected = _connected(database, database.together.connect, turn, user_id or NOBODY)
    with connected as block, block.connection.begin():
        if block.driver and block.strategy:
            # SQLAlchemy's begin() only notes that there is a transaction, to end it by the
            # driver's commit or rollback. psycopg would begin it at the first statement of a
            # cursor, by a round trip of its own; here BEGIN shares that of role and user.
            if user_id is None:
                block.driver.ask(BEGIN, *block.driver.unsaid)
            else:
                block.strategy.begin(block.driver, user_id)
        block.told = True
        yield


def _is_part(user_id: str) -> bool:
    """Tell whether a block of this user would be a part of the block at hand."""
    block = _at_hand.get()
    if block is not None and user_id not in (NOBODY, block.user_id):
        raise ValueError("a block of another user is open")
    return block is not None


def _turn(database: Database, user_id: str) -> AbstractContextManager[None]:
    # Who signs in is not known yet.
    if not user_id and has_request_context():
        user_id = clients.network(request.remote_addr)
    return database.turns.of(user_id)


def _database() -> Database:
    return cast(Database, current.app().extensions["taskapp.database"])


@contextmanager
def _connected(
    database: Database,
    connect: Callable[[], sa.Connection | PoolProxiedConnection],
    turn: AbstractContextManager[None],
    user_id: str,
) -> Iterator[Block]:
    try:
        with turn, closing(_open(connect)) as held, _working(database, held, user_id) as block:
            token = _at_hand.set(block)
            metrics.connections.inc()
            try:
                yield block
            finally:
                metrics.connections.dec()
                _at_hand.reset(token)
    except (*AWAY, exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise Unavailable from error
    except exc.DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, AWAY) or _is_no_file(error.orig):
            raise Unavailable from error
        raise


@contextmanager
def _working(
    database: Database, held: sa.Connection | PoolProxiedConnection, user_id: str
) -> Iterator[Block]:
    """Hold a block at the connection, whose strategy knows which errors are `Unavailable`."""
    driver = _driver(held)
    if driver is None:
        yield Block(user_id, held, None, None, told=True)
        return
    strategy = database.distributed if driver.distributed else database.one_server
    block = Block(user_id, held, driver, strategy)
    try:
        strategy.enter(driver, user_id)
        yield block
        block.abandon()
    except (psycopg.Error, exc.DBAPIError) as error:
        if not isinstance(getattr(error, "orig", error), strategy.away):
            raise
        strategy.failed(user_id)
        raise Unavailable from error
    finally:
        if block.goes_on:
            driver.close()
        if driver.closed:
            held.invalidate()


def _is_no_file(error: BaseException | None) -> bool:
    """Tell whether SQLite says that its file is no database, or is damaged."""
    return type(error) is sqlite3.DatabaseError  # all else has a class of its own


def _open(
    connect: Callable[[], sa.Connection | PoolProxiedConnection],
) -> sa.Connection | PoolProxiedConnection:
    try:
        return connect()
    except exc.InvalidRequestError as error:
        # The pool has found two connections in a row that are dead, the second of them new.
        raise Unavailable from error


def _driver(held: sa.Connection | PoolProxiedConnection) -> Connection | None:
    proxy = held.connection if isinstance(held, sa.Connection) else held
    driver = proxy.driver_connection
    return driver if isinstance(driver, Connection) else None
