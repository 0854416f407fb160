"""Which migration the database is at, and which one this code was written for.

Migrations only add what the release before can live with (CONTRIBUTING, "Migrations"): so code
may run on a database that is ahead of it, and never on one that is behind.
"""

from functools import cache

import sqlalchemy as sa
from psycopg.errors import InsufficientPrivilege, InvalidParameterValue

from taskapp import config
from taskapp.database.blocks import at_hand, look, maintenance
from taskapp.database.statements import dialect, execute

# Migrations are numbered, and their names begin with the number.
MIGRATIONS = config.ROOT / "migrations" / "versions"
BEHIND = "The database is at migration {0}, this release needs {1}: run `taskapp migrate`."
AHEAD = (
    "The database is at migration {0}, this release knows {1}: run a newer release, or, to go"
    " back to this one for a while, set ALLOW_NEWER_DATABASE=true."
)
NO_ROLE = "The role in DATABASE_ROLE does not exist, or may not be taken: run `taskapp migrate`."


@cache
def of_code() -> str:
    """Return the number of the newest migration of this code."""
    return max(file.name[:4] for file in MIGRATIONS.glob("[0-9]*.py"))


def of_database() -> str:
    """Return the number of the migration that the database is at; 0000 before the first.

    Raises what `maintenance` does.
    """
    with maintenance():
        if not sa.inspect(at_hand().connection).has_table("alembic_version"):
            return "0000"
        return str(execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or "0000")


def rows_are_hidden() -> bool:
    """Tell whether row security hides rows of users from whoever runs this block."""
    if dialect() == "sqlite":
        return False
    return bool(execute(sa.text("SELECT row_security_active('tasks')")).scalar())


def trouble(*, newer_allowed: bool) -> str | None:
    """Return what is to be done before this code can serve; None if nothing is."""
    database, code = of_database(), of_code()
    if database < code:
        return BEHIND.format(database, code)
    if database > code and not newer_allowed:
        return AHEAD.format(database, code)
    try:
        with look():
            return None
    except (InvalidParameterValue, InsufficientPrivilege):
        return NO_ROLE
