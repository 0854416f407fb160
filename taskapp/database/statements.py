"""Statements, run in the block at hand; those that requests run are made once (`Prepared`)."""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from taskapp.database import blocks
from taskapp.database.exchange import Query

# PostgreSQL's own way to write parameters.
NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def execute(
    statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run the statement in the transaction at hand; raises LookupError outside of any.

    With several mappings it is run with each.
    """
    return blocks.at_hand().connection.execute(statement, values)


def dialect() -> str:
    """Return the name of the SQL dialect of the block at hand."""
    return "postgresql" if blocks.at_hand().driver else "sqlite"


def joins() -> bool:
    """Tell whether a write and the revision that it takes can be one statement, here and now."""
    strategy = blocks.at_hand().strategy
    return strategy is not None and strategy.joins


def distributed() -> bool:
    """Tell whether the database at hand is one of Citus, with the tables on its nodes or not."""
    driver = blocks.at_hand().driver
    return driver is not None and driver.distributed


def abandon() -> None:
    """Roll back what a statement has begun and not ended, outside of a `transaction`."""
    blocks.at_hand().abandon()


def upsert(table: Any) -> Any:
    """Return an INSERT into the table, of the dialect at hand, which has ON CONFLICT."""
    return UPSERTS[dialect()](table)


def remove(table: Any, *old: Any, limit: int, mine: Any = None) -> int:
    """Remove at most `limit` of these rows, and return how many.

    Those that another transaction is at are passed over: waiting for it could be a deadlock. Where
    rows are distributed, `mine` says of which user they are; of several see `remove_of_all`.
    """
    old = old if mine is None else (mine, *old)
    keys = list(sa.inspect(table).primary_key)
    some = sa.select(*keys).where(*old).limit(limit).with_for_update(skip_locked=True)
    # A CTE is run once, where a subquery with a limit may be run for each row.
    chosen = some.cte("chosen")
    gone = sa.delete(table).where(sa.tuple_(*keys).in_(sa.select(*chosen.c)))
    if mine is not None and distributed():
        gone = gone.where(mine)  # the node that it is for must be seen from the statement itself
    return len(execute(gone.returning(keys[0])).all())


def remove_of_all(table: Any, owner: Any, *old: Any, limit: int) -> int:
    """Remove at most `limit` of these rows, of all users, and return how many.

    `owner` is the column that says whose a row is. A node locks rows of one user only, so where
    they are distributed it is done user by user.
    """
    if not distributed():
        return remove(table, *old, limit=limit)
    removed = 0
    users = sa.select(owner).where(*old).distinct().limit(limit)
    for user_id in execute(users).scalars().all():
        if removed < limit:
            removed += remove(table, *old, limit=limit - removed, mine=owner == user_id)
    return removed


UPSERTS: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class Prepared:
    """A statement that is made once and run often, with parameters.

    On PostgreSQL the driver runs its text: what SQLAlchemy does around an execution takes as long
    as the execution. Nothing is converted on the way, since none of our types needs it. The
    text must not depend on values: for a list there is `one_of`, where IN would take as many
    parameters as it has. ValueError if it does.
    """

    def __init__(self, statement: Any, *, lasting: bool = True) -> None:
        self._statement = statement
        self._lasting = lasting  # whether it is prepared on each connection: there must be few
        self._row_type: Any = None

    def all(self, values: Mapping[str, Any], *, ends: bool = True) -> Sequence[Any]:
        """Run it in the block at hand, and return its rows.

        Where it is a transaction by itself, one that does not end it begins one with the next.
        """
        block = blocks.at_hand()
        driver = block.driver
        if driver is None:
            return execute(self._statement, values).all()
        result = block.ask(Query(*self.query(values), self._lasting), ends=ends)
        if self._row_type is None:
            names = [result.fname(column).decode() for column in range(result.nfields)]
            self._row_type = namedtuple("Row", names)  # type: ignore[misc]
        return driver.rows(result, partial(tuple.__new__, self._row_type))

    def query(self, values: Mapping[str, Any]) -> tuple[bytes, list[Any]]:
        """Return the text for PostgreSQL, and the values of its parameters in their order."""
        text, names, constants = self._made
        values = {**constants, **values}
        return text, [values[name] for name in names]

    def first(self, values: Mapping[str, Any], *, ends: bool = True) -> Any:
        """Run it as `all` does, and return its first row; None if there is none."""
        rows = self.all(values, ends=ends)
        return rows[0] if rows else None

    @cached_property
    def _made(self) -> tuple[bytes, list[str], dict[str, Any]]:
        """The text, its parameters in order, and the values of those that never change."""
        compiled = self._statement.compile(dialect=NUMBERED)
        if compiled.post_compile_params:
            raise ValueError(f"the text depends on values: {compiled}")
        binds = compiled.bind_names.items()
        constants = {name: bind.effective_value for bind, name in binds if not bind.required}
        return compiled.string.encode(), compiled.positiontup, constants


class ascii_lower(FunctionElement[str]):  # noqa: N801 - as below
    """A text with the letters of ASCII in lower case, the others as they are, on both databases."""

    inherit_cache = True
    type = sa.Text()


@compiles(ascii_lower)
def _ascii_lower(element: ascii_lower, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(part, **options) for part in element.clauses)
    return f"lower({text})" if compiler.dialect.name == "sqlite" else f'lower({text} COLLATE "C")'


class contains_all(FunctionElement[bool]):  # noqa: N801 - as below
    """Whether a text contains all texts of a list, which is one parameter of the type `Texts`."""

    inherit_cache = True
    type = sa.Boolean()


@compiles(contains_all)
def _contains_all(element: contains_all, compiler: Any, **options: Any) -> str:
    text, parts = (compiler.process(part, **options) for part in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"(NOT EXISTS (SELECT 1 FROM json_each({parts}) WHERE instr({text}, value) = 0))"  # noqa: S608
    return f"(NOT EXISTS (SELECT 1 FROM unnest({parts}) AS part WHERE strpos({text}, part) = 0))"  # noqa: S608


class one_of(FunctionElement[bool]):  # noqa: N801 - reads as SQLAlchemy's functions do
    """Whether a value is in a list, which is one parameter of the type `Numbers` or `Texts`."""

    inherit_cache = True
    type = sa.Boolean()


@compiles(one_of)
def _one_of(element: one_of, compiler: Any, **options: Any) -> str:
    value, values = (compiler.process(part, **options) for part in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"({value} IN (SELECT value FROM json_each({values})))"  # noqa: S608
    return f"({value} = ANY ({values}))"
