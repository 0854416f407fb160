"""Distributing the tables by user over the nodes of a Citus cluster, while requests are served.

What each step finds done it leaves alone, so the whole can be run again wherever it has stopped.
What refers to a user from outside (accounts, sessions, tokens) stays on the coordinator.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg import errors, sql
from sqlalchemy import exc

from taskapp.config import Settings
from taskapp.database import connections
from taskapp.database.blocks import at_hand, maintenance, transaction
from taskapp.database.exchange import Connection
from taskapp.database.statements import execute
from taskapp.database.turns import Unavailable

# The column that says whose a row is, in the order in which writes lock the tables.
OWNER = {"users": "id", "tasks": "user_id", "idempotency_keys": "user_id"}
LOCK_TIMEOUT = 2  # seconds: all requests wait behind whoever waits for a table
TRIES = 30  # to get the locks, a second apart
PATIENCE = 30.0  # seconds for a connection to come to the end of what it is at

TOO_LONG = "It would take longer than {} s, and was undone: give it more by --within."
EXTENSION = "SELECT extversion FROM pg_extension WHERE extname = 'citus'"
WORKERS = "SELECT count(*) FROM citus_get_active_worker_nodes()"
DONE = "SELECT logicalrelid::regclass::text FROM pg_dist_partition WHERE partmethod = 'h'"
KEYS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'f' AND confrelid = ANY (%(tables)s::regclass[])
    AND NOT conrelid = ANY (%(tables)s::regclass[])
ORDER BY 1, 2
"""
ROLE = "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s"
LEFT = "SELECT name FROM unnest(%s::text[]) AS name WHERE pg_relation_size(name::regclass) > 0"
ROWS = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'tasks'::regclass"
OLDER = "application_name = %(name)s AND datname = current_database() AND backend_start < %(since)s"
END = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {OLDER}"  # noqa: S608
COUNT = f"SELECT count(*) FROM pg_stat_activity WHERE {OLDER}"  # noqa: S608
# A user without anything for each node, of those whom a probe could take.
PROBES = sa.text("""
SELECT DISTINCT ON (nodename, nodeport) nodename || ':' || nodeport AS node, probe.id
FROM unnest(CAST(:ids AS text[])) AS probe (id)
JOIN pg_dist_placement
    ON shardid = get_shard_id_for_distribution_column('users', probe.id::varchar)
JOIN pg_dist_node USING (groupid)
""")
ADD = sa.text("INSERT INTO users (id, created_at) VALUES (:id, now())")
READ = sa.text("SELECT count(*) FROM users WHERE id = :id")


class Refused(Exception):
    """Why the tables can't be distributed."""


@dataclass(frozen=True)
class Step:
    """Something that is to be done, and what does it."""

    what: str
    run: Callable[[], None]


class Distribution:
    """What is left to do, and the connection that does it: past a pooler, as the tables' owner."""

    def __init__(self, settings: Settings, within: int) -> None:
        self._settings = settings
        self._within = within  # seconds that the tables may be locked for
        self._connection: Connection

    def steps(self) -> Iterator[Step]:
        """Yield what is left to do; each must be run before the next is asked for, or none.

        Raises `Refused`, and `psycopg.Error`.
        """
        with closing(connections.direct(self._settings, "taskapp-distribute").connect()) as held:
            held.autocommit = True
            self._connection = held
            held.execute("SET statement_timeout = 0")
            self._refuse()
            yield from self._steps()

    def _steps(self) -> Iterator[Step]:
        role = self._settings.database_role
        if role != "none" and not self._value(ROLE, [role]):
            login = sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(role))
            yield Step(f"let the nodes admit {role}: ALTER ROLE … LOGIN", lambda: self._run(login))
        for table, key in self._rows(KEYS, {"tables": list(OWNER)}):
            yield Step(f"drop the foreign key {key} of {table}", self._dropping(table, key))
        missing = self._missing()
        if missing:
            yield Step("let the service open its connections anew", self._renew)
            rows = self._value(ROWS)
            what = f"distribute {', '.join(missing)} (about {rows} tasks) within {self._within} s"
            yield Step(what, self._distribute)
        left = [] if missing else [name for (name,) in self._rows(LEFT, [list(OWNER)])]
        if missing or left:
            yield Step("remove the rows that the coordinator has kept", self._remove_copies)

    def _refuse(self) -> None:
        if not self._rows(EXTENSION):
            raise Refused("The database has no extension citus: CREATE EXTENSION citus.")
        if not self._value(WORKERS):
            raise Refused("The cluster has no workers: SELECT citus_add_node('host', 5432).")

    def _missing(self) -> list[str]:
        done = {name for (name,) in self._rows(DONE)}
        return [table for table in OWNER if table not in done]

    def _dropping(self, table: str, key: str) -> Callable[[], None]:
        text = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}")
        return lambda: self._run(text.format(sql.Identifier(table), sql.Identifier(key)))

    def _renew(self) -> None:
        """End the service's connections, each once it is idle: those to come know of Citus."""
        service = connections.of(self._settings).parameters["application_name"]
        about = {"name": service, "since": self._value("SELECT clock_timestamp()")}
        end = time.monotonic() + PATIENCE
        while self._value(COUNT, about):
            idle = " AND state = 'idle'" if time.monotonic() < end else ""
            self._connection.execute(END + idle, about)
            time.sleep(0.1)

    def _distribute(self) -> None:
        try:
            self._retried(self._distribute_at_once)
        except errors.QueryCanceled:
            raise Refused(TOO_LONG.format(self._within)) from None

    def _distribute_at_once(self) -> None:
        """Distribute all in one transaction: one by one they deadlock with requests."""
        end = time.monotonic() + self._within
        connection = self._connection
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
            connection.execute(f"LOCK TABLE {', '.join(OWNER)} IN ACCESS EXCLUSIVE MODE")
            for table in self._missing():
                seconds = max(1, end - time.monotonic())
                connection.execute(f"SET LOCAL statement_timeout = '{seconds:.0f}s'")
                self._say_policy_anew(table)
                connection.execute(
                    "SELECT create_distributed_table(%s, %s, colocate_with => %s)",
                    [table, OWNER[table], "default" if table == "users" else "users"],
                )

    def _say_policy_anew(self, table: str) -> None:
        # One that came with a dump has a cast, and no statement would be for one node only.
        policy = f"({OWNER[table]} = current_setting('taskapp.user_id', true))"
        self._connection.execute(f"DROP POLICY IF EXISTS own_rows ON {table}")
        self._connection.execute(f"CREATE POLICY own_rows ON {table} USING {policy}")

    def _remove_copies(self) -> None:
        # It begins with the tables that refer to others.
        for table in reversed(OWNER):
            self._run("SELECT truncate_local_data_after_distributing_table(%s)", [table])

    def _run(self, statement: Any, values: Any = None) -> None:
        def run() -> None:
            with self._connection.transaction():
                self._connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
                self._connection.execute(statement, values)

        self._retried(run)

    def _retried(self, run: Callable[[], None]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                run()
                return
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                if attempt == TRIES:
                    raise
                time.sleep(1)

    def _rows(self, statement: Any, values: Any = None) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def _value(self, statement: Any, values: Any = None) -> Any:
        found = self._rows(statement, values)
        return found[0][0] if found else None


def keys_from_outside() -> list[str]:
    """Return the foreign keys to distributed tables that other tables have, by their names."""
    tables = {"tables": list(OWNER)}
    with maintenance():
        done = {row[0] for row in execute(sa.text(DONE))}
        connection = at_hand().connection
        keys = [name for _, name in connection.exec_driver_sql(KEYS, tables)]
    return keys if done >= OWNER.keys() else []


class _Undone(Exception):
    """Rolls a probe back."""


def trouble_of_nodes(role: str) -> dict[str, str]:
    """Return by node what is wrong with a write and a read by the role there; empty if nothing is.

    What is written is rolled back. Raises what `maintenance` does.
    """
    ids = [f"taskapp-check-{secrets.token_hex(8)}" for _ in range(1000)]
    with maintenance():
        probes = execute(PROBES, {"ids": ids}).all()
    return {node: _trouble(user_id, role) for node, user_id in probes}


def _trouble(user_id: str, role: str) -> str:
    try:
        if not _writes(user_id, user_id):
            return f"{role} can't write there, or does not see what it wrote"
        # The row of somebody else, on the same node: row security must refuse it.
        if role != "none" and _writes(f"{user_id}-else", user_id):
            return f"{role} may write rows of others there"
    except Unavailable as error:
        return error.reason
    return ""


def _writes(user_id: str, row_id: str) -> bool:
    """Tell whether a block of this user writes and reads the row of that one; none stays."""
    found = False
    try:
        with suppress(_Undone), transaction(user_id):
            execute(ADD, {"id": row_id})
            found = execute(READ, {"id": row_id}).scalar() == 1
            raise _Undone
    except exc.ProgrammingError as error:
        if not isinstance(error.orig, errors.InsufficientPrivilege):
            raise
    return found
