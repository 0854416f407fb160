"""Runs the migrations on the application's own engine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import fileConfig

import psycopg
import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy import exc

from taskapp import config
from taskapp.database import Base, connections, transactional

if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


WAIT = 600  # seconds for others who migrate at the same time
# A migration waits no longer than that for a table: all requests wait behind it. `flask migrate`
# tries again.
LOCK_TIMEOUT = 2  # seconds
# Wherever the login finds the tables: in a schema of its own, or in `public`.
FOUND = sa.text("""
SELECT quote_ident(nspname), quote_ident(relname) FROM pg_class, pg_namespace
WHERE relnamespace = pg_namespace.oid AND pg_class.oid IN (
    SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name
)
""")


def run() -> None:
    """Run them, one transaction each, so that a failed one leaves nothing of itself."""
    role = config.of(current_app).database_role
    with _engine().connect() as connection, _alone(connection):
        if connection.dialect.name == "sqlite":
            # SQLite changes a table by making it anew: with foreign keys on, dropping the old
            # one would delete every row that refers to it.
            connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        else:
            connection.execute(sa.text("SET statement_timeout = 0"))
            connection.execute(sa.text("SET idle_in_transaction_session_timeout = 0"))
            connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            # Each: an index that is made concurrently needs to be outside of any.
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "postgresql" and role != "none":
            _allow(connection, role)
            connection.commit()
        # Not back to the pool with these settings.
        connection.invalidate()


def _engine() -> sa.Engine:
    # Past a pooler, which would hand on what is set here together with the connection.
    settings = config.of(current_app)
    if settings.direct_database == settings.database:
        return transactional()
    connect = connections.direct(settings).connect
    return sa.create_engine(settings.direct_database, creator=connect, poolclass=sa.NullPool)


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Let others who migrate wait, as replicas that start together do.

    The lock is of a transaction, on a connection of its own: that holds behind a pooler, too, and
    while a migration is outside of any transaction. Nobody waits for it within a statement, which
    sees the database as it was: an index that is made concurrently waits until nobody does.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    end = time.monotonic() + WAIT
    with connections.direct(config.of(current_app)).connect() as lock:
        while not _is_taken(lock):
            if time.monotonic() > end:
                raise SystemExit("taskapp: others have been migrating for 10 minutes. Try again.")
            lock.rollback()
            time.sleep(0.2)
        yield


def _is_taken(lock: psycopg.Connection) -> bool:
    lock.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    taken = lock.execute("SELECT pg_try_advisory_xact_lock(hashtext('taskapp.migrate'))")
    return taken.fetchone() == (True,)


def _allow(connection: sa.Connection, role: str) -> None:
    """Let requests run as the role, which sees only rows of the user at hand (see 0004).

    After every migration, not in one: a dump restored into another cluster comes without roles.
    Raises SystemExit where the login may not do it.
    """
    login = connection.scalar(sa.text("SELECT quote_ident(current_user)"))
    asked = {"tables": sorted(Base.metadata.tables)}
    tables = {(schema, table) for schema, table in connection.execute(FOUND, asked)}
    try:
        if not connection.scalar(sa.text("SELECT to_regrole(:role)"), {"role": role}):
            # Another database of the cluster may be doing the same.
            taken = "EXCEPTION WHEN unique_violation OR duplicate_object THEN NULL"
            make = f"CREATE ROLE {role} NOLOGIN; {taken}"
            connection.execute(sa.text(f"DO $$ BEGIN {make}; END $$"))
        # A superuser may take any role. Since PostgreSQL 16 the creator of a role is a member of it
        # but may not SET ROLE to it.
        may = "SET" if connection.dialect.server_version_info >= (16,) else "MEMBER"
        if not connection.scalar(sa.text(f"SELECT pg_has_role(:role, '{may}')"), {"role": role}):
            connection.execute(sa.text(f"GRANT {role} TO {login}"))
        for schema in sorted({schema for schema, _ in tables}):
            connection.execute(sa.text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
        connection.execute(sa.text(f"GRANT SELECT ON alembic_version TO {role}"))
        if tables:
            names = ", ".join(f"{schema}.{table}" for schema, table in sorted(tables))
            rights = "SELECT, INSERT, UPDATE, DELETE"
            connection.execute(sa.text(f"GRANT {rights} ON {names} TO {role}"))
    except exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        connection.rollback()
        known = connection.scalar(sa.text("SELECT to_regrole(:role)"), {"role": role})
        make = "" if known else f"CREATE ROLE {role} NOLOGIN; "
        may = "take" if known else "make"
        raise SystemExit(
            f"taskapp: {login} may not {may} the role {role}. Let an administrator run"
            f" `{make}GRANT {role} TO {login};` and migrate again, or set DATABASE_ROLE=none."
        ) from None


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: --sql is not supported.")
run()
