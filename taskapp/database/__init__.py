"""The database: its connections, what runs on them as whom, and bounds on time.

SQLite serves a laptop, PostgreSQL everything else; the same queries run on both. On PostgreSQL
whatever a request does runs as a role that sees no rows but those of the block's user: a second
lock, should a WHERE be forgotten one day. Role and user are told in the round trip of the work.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, cast

import click
import psycopg
import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import CursorResult, Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.types import TypeDecorator
from werkzeug.local import LocalProxy

from taskapp import config
from taskapp.database import connections
from taskapp.database.turns import Turns, Unavailable
from taskapp.telemetry import metrics

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = sa.MetaData(naming_convention=NAMING)


class _WithoutZone(TypeDecorator[datetime]):
    """A UTC timestamp for SQLite, which keeps no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


# A time zone aware UTC timestamp. PostgreSQL's need no handling: its sessions are in UTC.
UTCDateTime = sa.DateTime(timezone=True).with_variant(_WithoutZone(), "sqlite")


# What psycopg says of a database that can't do its work now. One that may only be read is a
# standby, or was made so because its disk is full.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)


@dataclass(slots=True)
class _Block:
    """A connection, and whom its statements are about; `told` once PostgreSQL knows that."""

    user_id: str
    held: sa.Connection | PoolProxiedConnection
    driver: connections.Connection | None  # None on SQLite
    tell: connections.Query
    told: bool

    @property
    def connection(self) -> sa.Connection:
        # `autocommit` has none: to make one takes as long as to run the statement.
        if not isinstance(self.held, sa.Connection):
            raise LookupError("autocommit() takes prepared statements only")
        return self.held


@dataclass(frozen=True, slots=True)
class _Database:
    """What an application needs of its database at each request."""

    each: sa.Engine | None  # that commits each statement by itself; None on SQLite
    together: sa.Engine
    turns: Turns
    tell: bytes


# The block at hand. There is no ORM session: every statement is of Core, and a session would take
# longer than all else that is done for one.
_block_at_hand: ContextVar[_Block | None] = ContextVar("block", default=None)

NOBODY = ""  # no user has this id
# For the transaction at hand, so that it holds behind a pooler in transaction mode, too.
TELL = "SELECT set_config('role', '{role}', true), set_config('taskapp.user_id', $1, true)"
BEGIN = connections.Query(b"BEGIN ISOLATION LEVEL READ COMMITTED", lasting=False)

# PostgreSQL's own way to write parameters.
NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

db = SQLAlchemy(model_class=Base)


def init_app(app: Flask) -> None:
    settings = config.of(app)
    url = settings.database
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_timeout,
        "pool_use_lifo": True,  # the last one used knows the statements, and its rows are at hand
        "hide_parameters": True,  # they are what people wrote, and no log may hold it
        **connections.options(settings),
    }
    db.init_app(app)
    # Alembic takes 11 MB and a part of the time to start; only commands and tests need it.
    app.extensions["migrate"] = LocalProxy(lambda: _migrate(app))
    if click.get_current_context(silent=True):
        _migrate(app)
    with app.app_context():
        connections.prepare(app, db.engine)
        is_sqlite = db.engine.dialect.name == "sqlite"
        isolated = db.engine.execution_options(isolation_level="READ COMMITTED")
        app.extensions["taskapp.database"] = _Database(
            each=None if is_sqlite else db.engine,
            together=db.engine if is_sqlite else isolated,
            turns=Turns(settings.pool_size, settings.database_timeout, settings.waiting_room),
            tell=TELL.format(role=settings.database_role).encode(),
        )


@contextmanager
def transaction(user_id: str = NOBODY) -> Iterator[None]:
    """Run the block as one transaction: committed at its end, rolled back by an exception.

    Of what belongs to users it sees only what is this user's. Inside another one the block is a
    part of that; ValueError if that is another user's. Raises `Unavailable` when the database is
    away, busy or too slow.
    """
    if _is_part(user_id):
        yield
        return
    with _connected(transactional().connect, user_id) as block, block.connection.begin():
        if block.driver:
            block.driver.ask(BEGIN, block.tell)
        block.told = True
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
    return _connected(engine.raw_connection, user_id)


@contextmanager
def maintenance() -> Iterator[None]:
    """Run the block as a transaction that sees the rows of all users, if the login owns them.

    For commands of operators, never for a request. Raises what `transaction` does.
    """
    with _connected(transactional().connect, NOBODY) as block, block.connection.begin():
        if block.driver:
            block.driver.ask(BEGIN)
        block.told = True
        yield


def transactional() -> sa.Engine:
    """Return the engine for several statements at once; that of `db` commits each by itself."""
    return _database().together


def execute(
    statement: sa.Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run the statement in the transaction at hand; raises LookupError outside of any."""
    return _of_block().connection.execute(statement, values)


class Prepared:
    """A statement that is made once and run often, with parameters.

    On PostgreSQL the driver runs its text: what SQLAlchemy does around an execution takes as long
    as the execution. So on the way it converts nothing, which no type of ours needs there.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._row_type: Any = None

    def all(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run it in the block at hand, and return its rows."""
        block = _of_block()
        driver = block.driver
        if driver is None:
            return execute(self._statement, values).all()
        query = self._query(values)
        result = driver.ask(query) if block.told else driver.ask(block.tell, query)
        if self._row_type is None:
            names = [result.fname(column).decode() for column in range(result.nfields)]
            self._row_type = namedtuple("Row", names)  # type: ignore[misc]
        return driver.rows(result, partial(tuple.__new__, self._row_type))

    def first(self, values: Mapping[str, Any]) -> Any:
        """Run it in the block at hand, and return its first row; None if there is none."""
        rows = self.all(values)
        return rows[0] if rows else None

    def _query(self, values: Mapping[str, Any]) -> connections.Query:
        text, names, constants = self._made
        if text is not None:
            values = {**constants, **values}
            return connections.Query(text, [values[name] for name in names])
        # A list of values: as many parameters as it has.
        expanded = self._compiled.construct_expanded_state(values)
        text = expanded.statement.encode()
        return connections.Query(text, expanded.positional_parameters, lasting=False)

    @cached_property
    def _compiled(self) -> Any:
        return self._statement.compile(dialect=NUMBERED)

    @cached_property
    def _made(self) -> tuple[bytes | None, list[str], dict[str, Any]]:
        """The text, None where it depends on values; its parameters; those that never change."""
        compiled = self._compiled
        binds = compiled.bind_names.items()
        constants = {name: bind.effective_value for bind, name in binds if not bind.required}
        text = None if compiled.post_compile_params else compiled.string.encode()
        return text, compiled.positiontup, constants


def dialect() -> str:
    """Return the name of the SQL dialect of the block at hand."""
    return "postgresql" if _of_block().driver else "sqlite"


def has_table(name: str) -> bool:
    """Tell whether the database has this table."""
    return sa.inspect(_of_block().connection).has_table(name)


def rows_are_hidden() -> bool:
    """Tell whether row security hides rows of users from whoever runs this block."""
    if dialect() == "sqlite":
        return False
    return bool(execute(sa.text("SELECT row_security_active('tasks')")).scalar())


def upsert(table: Any) -> Any:
    """Return an INSERT into the table, of the dialect at hand, which has ON CONFLICT."""
    return postgresql.insert(table) if dialect() == "postgresql" else sqlite.insert(table)


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def _of_block() -> _Block:
    block = _block_at_hand.get()
    if block is None:
        raise LookupError("SQL needs a transaction() or autocommit() around it")
    return block


def _is_part(user_id: str) -> bool:
    """Tell whether a block of this user would be a part of the block at hand."""
    block = _block_at_hand.get()
    if block is not None and user_id not in (NOBODY, block.user_id):
        raise ValueError("a block of another user is open")
    return block is not None


def _database() -> _Database:
    return cast(_Database, current_app.extensions["taskapp.database"])


@contextmanager
def _connected(
    connect: Callable[[], sa.Connection | PoolProxiedConnection], user_id: str
) -> Iterator[_Block]:
    database = _database()
    try:
        with database.turns, closing(connect()) as held:
            driver = _driver(held)
            tell = connections.Query(database.tell, (user_id,))
            block = _Block(user_id, held, driver, tell, told=driver is None)
            token = _block_at_hand.set(block)
            metrics.connections.inc()
            try:
                yield block
            finally:
                metrics.connections.dec()
                _block_at_hand.reset(token)
                if driver and driver.closed:
                    held.invalidate()
    except (*AWAY, exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise Unavailable from error
    except exc.DBAPIError as error:
        if error.connection_invalidated or isinstance(error.orig, AWAY):
            raise Unavailable from error
        raise


def _driver(held: sa.Connection | PoolProxiedConnection) -> connections.Connection | None:
    proxy = held.connection if isinstance(held, sa.Connection) else held
    driver = proxy.driver_connection
    return driver if isinstance(driver, connections.Connection) else None


def _migrate(app: Flask) -> Any:
    from flask_migrate import Migrate

    folder = str(config.ROOT / "migrations")
    Migrate(app, db, directory=folder, compare_type=True, render_as_batch=True)
    return app.extensions["migrate"]
