"""Which migration the database is at, and which one this code was written for.

Migrations only add what the release before can live with (CONTRIBUTING, "Migrations"): so code
may run on a database that is ahead of it, and never on one that is behind.
"""

import os
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from flask import current_app
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue
from sqlalchemy import exc

from taskapp import config, urls
from taskapp.database.blocks import at_hand, look, maintenance
from taskapp.database.statements import dialect, execute
from taskapp.database.turns import Unavailable
from taskapp.database.types import Base

# Migrations are numbered, and their names begin with the number.
MIGRATIONS = config.SOURCES / "migrations" / "versions"
BEHIND = "The database is at migration {0}, this release needs {1}: run `{2}`."
AHEAD = (
    "The database is at migration {0}, this release knows {1}: run a newer release, or, to go"
    " back to this one for a while, set ALLOW_NEWER_DATABASE=true."
)
ENCODING = (
    "The database's encoding is {0}, and tasks may be in any language: make one with"
    " ENCODING 'UTF8' TEMPLATE template0."
)
READ_ONLY = "The SQLite file {0} or its folder can't be written by user {1} (DATABASE_URL)."
NO_RIGHTS = (
    "The role in DATABASE_ROLE does not find the tables, or may not write to them: run `{0}`."
)
NO_ROLE = "The role in DATABASE_ROLE does not exist, or may not be taken: run `{0}`."
VERSION = sa.text("SELECT version_num FROM alembic_version")
SEEN = sa.text("""
SELECT bool_and(coalesce(has_table_privilege(to_regclass(name), 'INSERT'), false))
FROM unnest(CAST(:tables AS text[])) AS name
""")


@cache
def of_code() -> str:
    """Return the number of the newest migration of this code."""
    return max(file.name[:4] for file in MIGRATIONS.glob("[0-9]*.py"))


def of_database() -> str:
    """Return the number of the migration that the database is at; 0000 before the first.

    Raises what `maintenance` does, also where the login may not look.
    """
    try:
        with maintenance():
            if not sa.inspect(at_hand().connection).has_table("alembic_version"):
                return "0000"
            return str(execute(VERSION).scalar() or "0000")
    except exc.ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise Unavailable from error
        raise


def rows_are_hidden() -> bool:
    """Tell whether row security hides rows of users from whoever runs this block."""
    if dialect() == "sqlite":
        return False
    return bool(execute(sa.text("SELECT row_security_active('tasks')")).scalar())


def away(error: Unavailable) -> str:
    """Return why the database can't be used, in one line without its password."""
    settings = config.of(current_app)
    if settings.sqlite_file:
        file = settings.sqlite_file
        return f"The SQLite file can't be used: {file} (DATABASE_URL): {error.reason}."
    shown = urls.shown(settings.database)
    return f"The database {shown} can't be used (DATABASE_URL): {error.reason}."


def trouble(*, newer_allowed: bool) -> str | None:
    """Return what is to be done before this code can serve; None if nothing is.

    Raises what `maintenance` does.
    """
    if reason := unfit():
        return reason
    database = of_database()
    newer = unknown(database, newer_allowed=newer_allowed)
    return _behind(database) or newer or _rights()


def unfit() -> str | None:
    """Return why no migration would let this code serve; None if one would.

    Raises what `maintenance` does.
    """
    if file := config.of(current_app).sqlite_file:
        return _not_writable(file)
    with maintenance():
        encoding = execute(sa.text("SHOW server_encoding")).scalar_one()
        # Without any PostgreSQL hands out bytes.
        name = encoding.decode() if isinstance(encoding, bytes) else encoding
    return None if name == "UTF8" else ENCODING.format(name)


def _not_writable(file: str) -> str | None:
    # A look at the file itself: to try would wait for whoever writes.
    effective = os.access in os.supports_effective_ids
    paths = [path for path in (Path(file), Path(file).parent) if path.exists()]
    if all(os.access(path, os.W_OK, effective_ids=effective) for path in paths):
        return None
    return READ_ONLY.format(file, os.geteuid())


def unknown(database: str, *, newer_allowed: bool) -> str | None:
    """Return why this code is too old for a database at that migration; None if it may run."""
    code = of_code()
    return AHEAD.format(database, code) if database > code and not newer_allowed else None


def _behind(database: str) -> str | None:
    code = of_code()
    migrate = config.command("migrate")
    return BEHIND.format(database, code, migrate) if database < code else None


def _rights() -> str | None:
    """Look as the role that requests run as, at all tables."""
    migrate = config.command("migrate")
    try:
        with look():
            if dialect() == "sqlite":
                return None
            tables = {"tables": sorted(Base.metadata.tables)}
            return None if execute(SEEN, tables).scalar() else NO_RIGHTS.format(migrate)
    except (InvalidParameterValue, InsufficientPrivilege):
        return NO_ROLE.format(migrate)
