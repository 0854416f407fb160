"""Runs the migrations on the application's own engine."""

from logging.config import fileConfig

import psycopg
import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy import exc

from taskapp import config
from taskapp.database import Base, transactional

if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def run() -> None:
    """Run them in one transaction, so that a failed one leaves nothing."""
    role = config.of(current_app).database_role
    with transactional().connect() as connection:
        if connection.dialect.name == "sqlite":
            # SQLite changes a table by making it anew: with foreign keys on, dropping the old
            # one would delete every row that refers to it.
            connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "postgresql" and role != "none":
            _allow(connection, role)
            connection.commit()
        # Not back to the pool: on SQLite its foreign keys are off.
        connection.invalidate()


def _allow(connection: sa.Connection, role: str) -> None:
    """Let requests run as the role, which sees only rows of the user at hand (see 0004).

    After every migration, not in one: a dump restored into another cluster comes without roles.
    Raises SystemExit where the login may not do it.
    """
    login = connection.scalar(sa.text("SELECT quote_ident(current_user)"))
    tables = ", ".join(
        sorted(set(Base.metadata.tables) & set(sa.inspect(connection).get_table_names()))
    )
    try:
        if not connection.scalar(sa.text("SELECT to_regrole(:role)"), {"role": role}):
            # Another database of the cluster may be at it, too.
            make = f"CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN unique_violation THEN NULL"
            connection.execute(sa.text(f"DO $$ BEGIN {make}; END $$"))
        # A superuser may take any role, and is a member of each.
        if not connection.scalar(sa.text("SELECT pg_has_role(:role, 'MEMBER')"), {"role": role}):
            connection.execute(sa.text(f"GRANT {role} TO {login}"))
        connection.execute(sa.text(f"GRANT USAGE ON SCHEMA public TO {role}"))
        connection.execute(sa.text(f"GRANT SELECT ON alembic_version TO {role}"))
        if tables:
            rights = "SELECT, INSERT, UPDATE, DELETE"
            connection.execute(sa.text(f"GRANT {rights} ON {tables} TO {role}"))
    except exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise SystemExit(
            f"taskapp: {login} may not make the role {role}. Let an administrator run:\n"
            f"  CREATE ROLE {role} NOLOGIN; GRANT {role} TO {login};\n"
            "and migrate again. DATABASE_ROLE=none does without it."
        ) from None


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: --sql is not supported.")
run()
