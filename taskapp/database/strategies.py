"""How statements about a user run on PostgreSQL: on one server, or distributed over nodes by Citus.

The connection says which it is: each new one looks (`connections.Server`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from taskapp.database.exchange import COMMIT, ROLLBACK, Connection, Query
from taskapp.database.nodes import Nodes

BEGIN = Query(b"BEGIN ISOLATION LEVEL READ COMMITTED", lasting=False)
# What psycopg says of a database that can't do its work now. One that may only be read is a
# standby, or was made so because its disk is full.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction)
RENEWED = "Citus has come to the database since this connection was opened"


class OneServer:
    """All is on one server: whatever is one statement is one round trip, and its own transaction.

    A write and the revision that it takes can be one statement (`joins`).
    """

    joins = True
    away: tuple[type[Exception], ...] = AWAY
    # For the current transaction only, so that it is right behind a pooler in transaction mode,
    # too. A node of Citus hears nothing of it, and would show no rows: where Citus has come since,
    # as behind a pooler that keeps the connection, the name of the setting is an error.
    TELL = (
        "SELECT set_config('role', '{role}', true), set_config(CASE WHEN"
        " to_regclass('pg_dist_partition') IS NULL THEN 'taskapp.user_id' ELSE 'distributed' END,"
        " $1, true)"
    )

    def __init__(self, role: str) -> None:
        self._tell = self.TELL.format(role=role).encode()

    def begin(self, driver: Connection, user_id: str) -> None:
        """Begin a transaction about this user."""
        self._ask(driver, BEGIN, *driver.unsaid, Query(self._tell, (user_id,)))

    def run(
        self, driver: Connection, user_id: str, query: Query, *, begins: bool, ends: bool
    ) -> Any:
        """Run the query about this user as a transaction, and return its result."""
        return self._ask(driver, *driver.unsaid, Query(self._tell, (user_id,)), query)

    def enter(self, driver: Connection, user_id: str) -> None:
        """Begin to work for this user."""

    def failed(self, user_id: str) -> None:
        """Note that work for this user has failed."""

    def _ask(self, driver: Connection, *queries: Query) -> Any:
        try:
            return driver.ask(*queries)
        except errors.UndefinedObject as error:
            driver.close()
            raise psycopg.OperationalError(RENEWED) from error


class Distributed:
    """A user's rows are on one of several nodes, which runs what is about that user alone.

    It hears of the user only by SET LOCAL, inside of a transaction, and takes no statement that
    writes two tables. What it can't do, Citus calls an internal error.
    """

    joins = False
    away: tuple[type[Exception], ...] = (*AWAY, errors.InternalError_)
    ROLE = (
        "SELECT set_config('citus.propagate_set_commands', 'local', true),"
        " set_config('role', '{role}', true)"
    )

    def __init__(self, role: str, connect: Callable[[], Connection]) -> None:
        self._role = Query(self.ROLE.format(role=role).encode())
        self._nodes = Nodes(connect)

    def begin(self, driver: Connection, user_id: str) -> None:
        """Begin a transaction about this user."""
        driver.ask(*self._beginning(driver, user_id))

    def run(
        self, driver: Connection, user_id: str, query: Query, *, begins: bool, ends: bool
    ) -> Any:
        """Run the query about this user as a transaction, or a part of it; return its result."""
        beginning = self._beginning(driver, user_id) if begins else ()
        end = (COMMIT,) if ends else ()
        try:
            results = driver.results(*beginning, query, *end)
        except psycopg.Error:
            if not driver.closed and driver.pgconn.transaction_status == TransactionStatus.INERROR:
                driver.ask(ROLLBACK)
            raise
        return results[-1 - len(end)]

    def enter(self, driver: Connection, user_id: str) -> None:
        """Begin to work for this user; raises `Unavailable` where the user's node is given up."""
        if user_id:
            self._nodes.refuse(driver, user_id)

    def failed(self, user_id: str) -> None:
        """Note that work for this user has failed, perhaps for the user's node."""
        if user_id:
            self._nodes.suspect(user_id)

    def _beginning(self, driver: Connection, user_id: str) -> Sequence[Query]:
        user = b"SET LOCAL taskapp.user_id = " + literal(user_id)
        return BEGIN, *driver.unsaid, self._role, Query(user, lasting=False)


Strategy = OneServer | Distributed


def literal(text: str) -> bytes:
    """Return the text as a literal of PostgreSQL, whatever `standard_conforming_strings` says.

    ValueError for one with a NUL, which PostgreSQL can't have.
    """
    if "\0" in text:
        raise ValueError("PostgreSQL has no text with a NUL")
    return b"E'%s'" % text.replace("\\", "\\\\").replace("'", "''").encode()
