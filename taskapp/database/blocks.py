"""Blocks of work at the database: a connection for a while, and whom its statements are about."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

import psycopg
import sqlalchemy as sa
from flask import current_app, has_request_context, request
from sqlalchemy import exc
from sqlalchemy.pool import PoolProxiedConnection

from taskapp import clients
from taskapp.database.exchange import Connection, Query
from taskapp.database.turns import Turns, Unavailable
from taskapp.telemetry import metrics

NOBODY = ""  # no user has this id
NO_TURN: AbstractContextManager[None] = nullcontext()
# For the current transaction only, so that it is right behind a pooler in transaction mode, too.
TELL = "SELECT set_config('role', '{role}', true), set_config('taskapp.user_id', $1, true)"
BEGIN = Query(b"BEGIN ISOLATION LEVEL READ COMMITTED", lasting=False)
# What psycopg says of a database that can't do its work now. One that may only be read is a
# standby, or was made so because its disk is full.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)


@dataclass(frozen=True, slots=True)
class Database:
    """What an application needs of its database at each request."""

    each: sa.Engine | None  # it commits each statement by itself; None on SQLite
    together: sa.Engine
    turns: Turns
    tell: bytes


@dataclass(slots=True)
class Block:
    """A connection, and whom its statements are about; `told` once PostgreSQL knows that."""

    user_id: str
    held: sa.Connection | PoolProxiedConnection
    driver: Connection | None  # None on SQLite
    tell: Query
    told: bool

    @property
    def connection(self) -> sa.Connection:
        # `autocommit` has none: to make one takes as long as to run the statement.
        if not isinstance(self.held, sa.Connection):
            raise LookupError("autocommit() takes prepared statements only")
        return self.held


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
    with _begun(_turn(user_id), user_id, _tell(user_id)):
        yield


def autocommit(user_id: str) -> AbstractContextManager[object]:
    """Return a context for a block with each of its statements a transaction of its own.

    That is enough for whatever is one statement, which must be a `Prepared` one; it is one round
    trip. Inside a transaction the block is a part of that, and on SQLite, where a round trip costs
    nothing, it is a transaction. Raises what `transaction` does.
    """
    engine = _database().each
    if engine is None or _is_part(user_id):
        return transaction(user_id)
    return _connected(engine.raw_connection, _turn(user_id), user_id)


def maintenance() -> AbstractContextManager[object]:
    """Return a context for a transaction that sees the rows of all users, if the login owns them.

    It waits for no turn. For commands of operators, never for a request. Raises what `transaction`
    does.
    """
    return _begun(NO_TURN, NOBODY)


def look() -> AbstractContextManager[object]:
    """Return a context for a transaction as requests have one, which waits for no turn.

    For one at a time in a process: there is one connection more than there are turns. Raises what
    `transaction` does.
    """
    return _begun(NO_TURN, NOBODY, _tell(NOBODY))


def transactional() -> sa.Engine:
    """Return the engine for several statements at once; that of `db` commits each by itself."""
    return _database().together


@contextmanager
def _begun(turn: AbstractContextManager[None], user_id: str, *first: Query) -> Iterator[None]:
    with _connected(transactional().connect, turn, user_id) as block, block.connection.begin():
        if block.driver:
            # SQLAlchemy's begin() only notes that there is a transaction, to end it by the
            # driver's commit or rollback. psycopg would begin it at the first statement of a
            # cursor, by a round trip of its own; here BEGIN shares that of role and user.
            block.driver.ask(BEGIN, *block.driver.unsaid, *first)
        block.told = True
        yield


def _is_part(user_id: str) -> bool:
    """Tell whether a block of this user would be a part of the block at hand."""
    block = _at_hand.get()
    if block is not None and user_id not in (NOBODY, block.user_id):
        raise ValueError("a block of another user is open")
    return block is not None


def _turn(user_id: str) -> AbstractContextManager[None]:
    # Who signs in is not known yet.
    if not user_id and has_request_context():
        user_id = clients.network(request.remote_addr)
    return _database().turns.of(user_id)


def _tell(user_id: str) -> Query:
    return Query(_database().tell, (user_id,))


def _database() -> Database:
    return cast(Database, current_app.extensions["taskapp.database"])


@contextmanager
def _connected(
    connect: Callable[[], sa.Connection | PoolProxiedConnection],
    turn: AbstractContextManager[None],
    user_id: str,
) -> Iterator[Block]:
    try:
        with turn, closing(_open(connect)) as held:
            driver = _driver(held)
            block = Block(user_id, held, driver, _tell(user_id), told=driver is None)
            token = _at_hand.set(block)
            metrics.connections.inc()
            try:
                yield block
            finally:
                metrics.connections.dec()
                _at_hand.reset(token)
                if driver and driver.closed:
                    held.invalidate()
    except (*AWAY, exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise Unavailable from error
    except exc.DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, AWAY) or _is_no_file(error.orig):
            raise Unavailable from error
        raise


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
